package pod

import (
	"slices"
	"strings"
	"testing"
)

// only returns the objects in text of the kinds given.
func only(text string, kinds ...string) string {
	docs := strings.Split(text, "\n---\n")
	return strings.Join(slices.DeleteFunc(docs, func(doc string) bool {
		return !slices.ContainsFunc(kinds, func(kind string) bool { return strings.Contains(doc, "\nkind: "+kind+"\n") })
	}), "\n---\n")
}

// TestRoute demands that the sidecar answers for itself an application that asks for the
// route, and sends what is not a question as TLS; and that of the objects any part alone
// lets no plaintext out where the route was confirmed.
func TestRoute(t *testing.T) {
	text := objects(t)
	for _, policy := range []string{"ALLOW_ANY", "REGISTRY_ONLY"} {
		t.Run(policy, func(t *testing.T) {
			s := set(t, Config{Policy: policy}, inMesh)
			s.apply(t, "aws", text)
			for _, host := range []string{exact, bucket} {
				for _, network := range []string{"tcp4", "tcp6"} {
					r := ask(t, s.Pod, "-network", network, "-method", "HEAD", "-ask", "https://"+host+"/")
					if r.Status != 204 || r.Header.Get("x-aws-mesh-route") != UID {
						t.Errorf("ask for %s, %s: %+v, want 204 with x-aws-mesh-route: %s", host, network, r, UID)
					}
				}
			}
			if n := s.toAWS(t); n > 0 {
				t.Errorf("%d bytes left for AWS, want the sidecar to answer by itself", n)
			}
			for _, host := range []string{exact, bucket} {
				if r := ask(t, s.Pod, "https://"+host+"/"); r.Status != 200 || !strings.HasPrefix(r.Body, host+" ") {
					t.Errorf("%s: %+v, want 200 with SNI %s", host, r, host)
				}
			}
			s.wantNoLeak(t)
		})
	}
}

// TestPartOfTheObjects demands that a sidecar which has the route, but not yet what makes
// it TLS, answers 503 by itself.
func TestPartOfTheObjects(t *testing.T) {
	text := objects(t)
	for _, policy := range []string{"ALLOW_ANY", "REGISTRY_ONLY"} {
		t.Run(policy, func(t *testing.T) {
			s := set(t, Config{Policy: policy}, inMesh)
			s.apply(t, "late", only(text, "VirtualService", "ServiceEntry"))
			for _, host := range []string{exact, bucket} {
				for _, network := range []string{"tcp4", "tcp6"} {
					if r := ask(t, s.Pod, "-network", network, "https://"+host+"/"); r.Status != 503 {
						t.Errorf("%s, %s: %+v, want 503", host, network, r)
					}
				}
			}
			if n := s.toAWS(t); n > 0 {
				t.Errorf("%d bytes left for AWS, want none", n)
			}
			s.wantNoLeak(t)

			s.apply(t, "soon", only(text, "DestinationRule"))
			for _, host := range []string{exact, bucket} {
				if r := ask(t, s.Pod, "https://"+host+"/"); r.Status != 200 {
					t.Errorf("%s, once the DestinationRule has come: %+v, want 200", host, r)
				}
			}
			s.wantNoLeak(t)
		})
	}
}

// TestWrongServer demands that the sidecar sends nothing to a server whose certificate
// is for another name, or of an authority that is not trusted.
func TestWrongServer(t *testing.T) {
	for _, who := range []string{"another name", "another authority"} {
		t.Run(who, func(t *testing.T) {
			trusted, names := newAuthority(t), []string{exact, bucket}
			w := Start(t, Config{Roots: trusted.roots()})
			if who == "another name" {
				trusted.serve(t, w, "evil.example")
			} else {
				newAuthority(t).serve(t, w, names...)
			}
			s := stage{World: w}
			s.apply(t, "aws", objects(t))
			for _, host := range names {
				if r := ask(t, w.Pod, "https://"+host+"/"); r.Status != 503 {
					t.Errorf("%s: %+v, want 503", host, r)
				}
			}
		})
	}
}
