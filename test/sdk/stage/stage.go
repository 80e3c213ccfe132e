package stage

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/pod"
)

// Region is where applications call AWS.
const Region = "eu-west-1"

// A Config says what a stage is like.
type Config struct {
	Policy string // of the mesh for unknown hosts: "ALLOW_ANY" (default) or "REGISTRY_ONLY"

	// Annotations are those of the pod, see [Services]; the sidecar has the objects that
	// they ask for. None: no objects, until [Stage.Annotate].
	Annotations map[string]string

	AWS aws.Options
}

// Services returns the annotations of a pod that asks for services in [Region].
func Services(list string) map[string]string {
	return map[string]string{awsmesh.AnnotationServices: list, awsmesh.AnnotationRegion: Region}
}

// A Stage is a pod of a mesh, a pod that is not in it, and AWS, which listens on ports
// 443 (TLS) and 80 (the credential endpoints) of every address outside, IPv4 and IPv6.
type Stage struct {
	*pod.World
	AWS *aws.Server

	annotations map[string]string
	addresses   atomic.Pointer[[]netip.Addr]
}

// Start makes a stage, which goes with the test. The sidecar and the applications trust
// AWS's CA.
func Start(t testing.TB, c Config) *Stage {
	t.Helper()
	pod.Require(t)
	server, err := aws.New(c.AWS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &Stage{AWS: server}
	s.Resolve(pod.AWS4, pod.AWS6)
	s.World = pod.Start(t, pod.Config{Policy: c.Policy, Roots: server.CA(), Lookup: s.lookup})
	s.serve(t, ":443", server.Serve)
	s.serve(t, ":80", server.ServeLinkLocal)
	if c.Annotations != nil {
		s.Annotate(t, c.Annotations)
	}
	return s
}

func (s *Stage) serve(t testing.TB, address string, serve func(net.Listener) error) {
	t.Helper()
	l, err := s.Outside.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = serve(l) // until it is closed
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
}

// Resolve has every name resolve to the addresses given, from now on: pod.AWS4 or
// pod.AWS6 alone, to choose between IPv4 and IPv6.
func (s *Stage) Resolve(addresses ...netip.Addr) { s.addresses.Store(&addresses) }

func (s *Stage) lookup(string) []netip.Addr { return slices.Clone(*s.addresses.Load()) }

// Annotate gives the sidecar the objects of a pod with these annotations, in place of
// those that it has from aws-mesh, and waits until they are there.
func (s *Stage) Annotate(t testing.TB, annotations map[string]string) {
	t.Helper()
	s.annotations = annotations
	s.Give(t, Objects(t, annotations))
}

// Objects returns the Istio objects, YAML, of a pod with these annotations.
func Objects(t testing.TB, annotations map[string]string) string {
	t.Helper()
	text, err := pod.Egress(t.Context(), annotations)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// objects is the name under which the sidecar has aws-mesh's objects.
const objects = "aws-mesh"

// Give gives the sidecar objects in place of those that it has from aws-mesh, and waits
// until they are there.
func (s *Stage) Give(t testing.TB, text string) {
	t.Helper()
	s.Take(t) // what old and new ones have in common would not be waited for
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := s.Apply(ctx, objects, text); err != nil {
		t.Fatal(err)
	}
}

// Take takes aws-mesh's objects from the sidecar, and waits until they are gone.
func (s *Stage) Take(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := s.Delete(ctx, objects); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}
