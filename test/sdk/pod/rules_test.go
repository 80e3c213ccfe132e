package pod

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRedirect demands that the rules take effect as they are switched: in force,
// plaintext becomes TLS; out of force, it leaves as it is.
func TestRedirect(t *testing.T) {
	s := set(t, Config{}, inMesh)
	s.apply(t, "aws", objects(t))
	if err := s.RedirectOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	for network, to := range map[string]netip.Addr{"tcp4": AWS4, "tcp6": AWS6} {
		if r := ask(t, s.Pod, "-network", network, "https://"+exact+"/"); r.Status != 400 {
			t.Errorf("off, %s: %+v, want 400 from a server that speaks TLS", network, r)
		}
		s.wantSecretLeaked(t, to)
	}
	if err := s.RedirectOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := len(s.leaks(t))
	for _, network := range []string{"tcp4", "tcp6"} {
		if r := ask(t, s.Pod, "-network", network, "https://"+exact+"/"); r.Status != 200 {
			t.Errorf("on again, %s: %+v, want 200", network, r)
		}
	}
	if n := len(s.leaks(t)); n != before {
		t.Errorf("%d flows leaked after RedirectOn, want none", n-before)
	}
}

// TestStaleConnection shows what ForgetConnections is for: a connection on its way when
// the rules come is not redirected, whatever they say, as the kernel knows it already.
func TestStaleConnection(t *testing.T) {
	s := set(t, Config{}, inMesh)
	s.apply(t, "aws", objects(t))
	for _, forget := range []bool{false, true} {
		if err := s.RedirectOff(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := len(s.leaks(t))
		s.deaf(t, "-A")
		done := make(chan error)
		go func() { done <- s.send(t.Context()) }()
		s.wantKnown(t, "SYN_SENT", AWS4)
		if err := s.RedirectOn(t.Context()); err != nil {
			t.Fatal(err)
		}
		if forget {
			if err := s.ForgetConnections(); err != nil {
				t.Fatal(err)
			}
		}
		s.deaf(t, "-D") // the kernel sends its SYN again after a second
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if n := len(s.leaks(t)) - before; n > 0 == forget {
			t.Errorf("%d flows of plaintext left; ForgetConnections: %v", n, forget)
		}
	}
}

// deaf adds or deletes ("-A", "-D") a rule by which AWS hears nobody on port 443.
func (s stage) deaf(t *testing.T, how string) {
	t.Helper()
	if err := output(s.Outside, exec.CommandContext(t.Context(), "iptables", how, "INPUT", "-p", "tcp", "--dport", "443", "-j", "DROP")); err != nil {
		t.Fatal(err)
	}
}

// connections returns the kernel's table of connections of Pod, a line each.
func (s stage) connections() ([]string, error) {
	var out strings.Builder
	cmd := exec.Command("cat", "/proc/net/nf_conntrack")
	cmd.Stdout = &out
	if err := s.Pod.Run(cmd); err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n"), nil
}

// wantKnown waits until the kernel knows a connection to an address in state.
func (s stage) wantKnown(t *testing.T, state string, to netip.Addr) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := until(ctx, func() error {
		known, err := s.connections()
		if err == nil && !slices.ContainsFunc(known, func(c string) bool { return strings.Contains(c, state+" ") && strings.Contains(c, "dst="+to.String()) }) {
			err = fmt.Errorf("no connection %s to %s:\n%s", state, to, strings.Join(known, "\n"))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// send makes a plain request to AWS on port 443, from Pod, and reads the answer.
func (s stage) send(ctx context.Context) error {
	conn, err := s.Pod.DialContext(ctx, "tcp4", netip.AddrPortFrom(AWS4, 443).String())
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+exact+"\r\nConnection: close\r\n\r\n"); err != nil {
		return err
	}
	_, err = io.ReadAll(conn)
	return err
}

// TestCredentialEndpoints demands that plain HTTP to the link-local endpoints, which is
// what they speak, passes the sidecar by, also under REGISTRY_ONLY.
func TestCredentialEndpoints(t *testing.T) {
	s := set(t, Config{Policy: "REGISTRY_ONLY"}, inMesh)
	l, err := s.Outside.Listen("tcp", ":80")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.RemoteAddr)
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	for _, a := range []netip.Addr{IMDS4, ECS, EKS4} {
		if r := ask(t, s.Pod, "http://"+a.String()+"/"); r.Status != 200 || r.Body != r.Local {
			t.Errorf("%s: %+v, want 200 with the address of the application itself", a, r)
		}
	}
}
