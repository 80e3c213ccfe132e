package pod

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestAnyPart demands of every part of the objects that who asks for the route first, and
// speaks only if the answer is yes, sends no plaintext; and that all of them together let
// him speak. Without the ServiceEntry the others have no effect.
func TestAnyPart(t *testing.T) {
	text := objects(t)
	for _, policy := range []string{"ALLOW_ANY", "REGISTRY_ONLY"} {
		t.Run(policy, func(t *testing.T) {
			s := set(t, Config{Policy: policy}, inMesh)
			if yes, _ := s.askAndSend(t); yes {
				t.Error("the route is confirmed without objects")
			}
			for part, want := range map[string]int{ // the status; 0: the route is not confirmed
				"ServiceEntry":                                0,
				"ServiceEntry DestinationRule":                0,
				"ServiceEntry VirtualService":                 503,
				"ServiceEntry VirtualService DestinationRule": 200,
			} {
				s.apply(t, "part", only(text, strings.Fields(part)...))
				if _, status := s.askAndSend(t); status != want {
					t.Errorf("%s: status %d, want %d", part, status, want)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				if err := s.Delete(ctx, "part"); err != nil {
					t.Fatal(err)
				}
			}
			for _, f := range s.leaks(t) {
				if bytes.Contains(f.Plaintext, []byte(secret)) {
					t.Errorf("the secret left in plaintext for %s", f.To)
				}
			}
		})
	}
}

// askAndSend asks for the route on a new connection and, if it is confirmed, sends the
// secret there and returns the status.
func (s stage) askAndSend(t *testing.T) (confirmed bool, status int) {
	t.Helper()
	conn, err := s.Pod.DialContext(t.Context(), "tcp4", netip.AddrPortFrom(AWS4, 443).String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "HEAD / HTTP/1.1\r\nHost: %s\r\nx-aws-mesh-route: ask\r\n\r\n", exact)
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, &http.Request{Method: http.MethodHead})
	if err != nil {
		return false, 0 // a reset is an answer
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNoContent || res.Header.Get("x-aws-mesh-route") != UID {
		return false, 0
	}
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s", exact, len(secret), secret)
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return true, answer.StatusCode
}
