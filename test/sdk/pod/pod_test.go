package pod

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

const (
	exact  = "dynamodb.eu-west-1.amazonaws.com"
	bucket = "photos.s3.eu-west-1.amazonaws.com" // of a wildcard
)

// A stage is a world with AWS on port 443 and a capture.
type stage struct {
	*World
	capture *Capture
}

func set(t *testing.T, c Config, m func(*World) *Machine) stage {
	t.Helper()
	a := newAuthority(t)
	c.Roots = a.roots()
	w := Start(t, c)
	a.serve(t, w, exact, "*.s3.eu-west-1.amazonaws.com")
	capture, err := m(w).Capture()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(capture.Close)
	return stage{w, capture}
}

func inMesh(w *World) *Machine  { return w.Pod }
func outOfIt(w *World) *Machine { return w.Bare }

// objects returns what aws-mesh makes for exact and bucket.
func objects(t *testing.T) string {
	t.Helper()
	text, err := Egress(t.Context(), map[string]string{
		"aws-mesh/services": "dynamodb,s3", "aws-mesh/region": "eu-west-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (s stage) apply(t *testing.T, name, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := s.Apply(ctx, name, text); err != nil {
		t.Fatal(err)
	}
}

// leaks returns the plaintext that left until now.
func (s stage) leaks(t *testing.T) []Flow {
	t.Helper()
	flows, err := s.capture.Plaintext()
	if err != nil {
		t.Fatal(err)
	}
	return flows
}

// toAWS returns the bytes that left for AWS until now.
func (s stage) toAWS(t *testing.T) int64 {
	t.Helper()
	flows, err := s.capture.Flows()
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, f := range flows {
		if f.To.Addr() == AWS4 || f.To.Addr() == AWS6 {
			sum += f.Bytes
		}
	}
	return sum
}

func (s stage) wantNoLeak(t *testing.T) {
	t.Helper()
	for _, f := range s.leaks(t) {
		t.Errorf("plaintext left for %s: %.80q", f.To, f.Plaintext)
	}
}

func (s stage) wantSecretLeaked(t *testing.T, to netip.Addr) {
	t.Helper()
	for _, f := range s.leaks(t) {
		if f.To == netip.AddrPortFrom(to, 443) && bytes.Contains(f.Plaintext, []byte(secret)) {
			return
		}
	}
	t.Errorf("the capture holds no plaintext to %s:443, which the application sent", to)
}

// TestOriginates demands that plain HTTP on port 443 leaves the pod as TLS, with the
// host's name, under both policies, over IPv4 and IPv6, for a host and for a wildcard.
func TestOriginates(t *testing.T) {
	text := objects(t)
	for _, policy := range []string{"ALLOW_ANY", "REGISTRY_ONLY"} {
		t.Run(policy, func(t *testing.T) {
			s := set(t, Config{Policy: policy}, inMesh)
			s.apply(t, "aws", text)
			for _, network := range []string{"tcp4", "tcp6"} {
				for _, host := range []string{exact, bucket} {
					r := ask(t, s.Pod, "-network", network, "https://"+host+"/")
					want := fmt.Sprintf("%s %s %d", host, host, len(secret))
					if r.Status != 200 || r.Body != want {
						t.Errorf("%s %s: %+v, want 200 %q", network, host, r, want)
					}
				}
			}
			if n := s.toAWS(t); n < int64(4*len(secret)) {
				t.Errorf("%d bytes left for AWS: the capture missed requests", n)
			}
			s.wantNoLeak(t)
		})
	}
}

// TestWithoutObjects demands that REGISTRY_ONLY refuses plaintext for an unknown host,
// and shows that ALLOW_ANY does not: the reason for asking for the route first.
func TestWithoutObjects(t *testing.T) {
	t.Run("REGISTRY_ONLY", func(t *testing.T) {
		s := set(t, Config{Policy: "REGISTRY_ONLY"}, inMesh)
		for _, network := range []string{"tcp4", "tcp6"} {
			if r := ask(t, s.Pod, "-network", network, "https://"+exact+"/"); r.Status != 502 && r.Error == "" {
				t.Errorf("%s: %+v, want 502 or an error", network, r)
			}
		}
		if n := s.toAWS(t); n > 0 {
			t.Errorf("%d bytes left for AWS", n)
		}
		s.wantNoLeak(t)
	})
	t.Run("ALLOW_ANY", func(t *testing.T) {
		s := set(t, Config{}, inMesh)
		for network, to := range map[string]netip.Addr{"tcp4": AWS4, "tcp6": AWS6} {
			if r := ask(t, s.Pod, "-network", network, "https://"+exact+"/"); r.Status != 400 {
				t.Errorf("%s: %+v, want 400 from a server that speaks TLS", network, r)
			}
			s.wantSecretLeaked(t, to)
		}
	})
}

// TestOutsideTheMesh shows that plaintext leaves a pod that is not in the mesh, and that
// the capture sees it; and that the application's own TLS works there.
func TestOutsideTheMesh(t *testing.T) {
	s := set(t, Config{}, outOfIt)
	for _, network := range []string{"tcp4", "tcp6"} {
		if r := ask(t, s.Bare, "-network", network, "-tls", "https://"+exact+"/"); r.Status != 200 {
			t.Errorf("own TLS, %s: %+v", network, r)
		}
	}
	s.wantNoLeak(t)
	for network, to := range map[string]netip.Addr{"tcp4": AWS4, "tcp6": AWS6} {
		if r := ask(t, s.Bare, "-network", network, "https://"+exact+"/"); r.Status != 400 {
			t.Errorf("plaintext, %s: %+v, want 400 from a server that speaks TLS", network, r)
		}
		s.wantSecretLeaked(t, to)
	}
}

// TestOwnTLS demands that an application's own TLS passes under ALLOW_ANY, with and
// without objects for the host.
func TestOwnTLS(t *testing.T) {
	s := set(t, Config{}, inMesh)
	for _, with := range []string{"no objects", "objects"} {
		for _, network := range []string{"tcp4", "tcp6"} {
			if r := ask(t, s.Pod, "-network", network, "-tls", "https://"+exact+"/"); r.Status != 200 || !strings.HasPrefix(r.Body, exact) {
				t.Errorf("%s, %s: %+v", with, network, r)
			}
		}
		s.apply(t, "aws", objects(t))
	}
	s.wantNoLeak(t)
}
