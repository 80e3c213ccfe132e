package inmesh_test

import (
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
)

const secret = "signed-by-somebody"

// Whatever the Config, the URL and the state of the world: a plaintext request reaches
// nothing but a sidecar that originates TLS for its host, and names no other, unless it is one that has
// nothing to do with the mesh.
func TestPlaintextOnlyToTheSidecar(t *testing.T) {
	hosts := []string{"sqs.eu-west-1.amazonaws.com", "b.s3.eu-west-1.amazonaws.com", "sts.amazonaws.com", "example.com", "SQS.EU-WEST-1.amazonaws.com"}
	patterns := []string{"sqs.eu-west-1.amazonaws.com", "*.s3.eu-west-1.amazonaws.com", "STS.amazonaws.com"}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	sent, certificate := 0, serverTLS()
	for range 400 {
		w := newWorld(t, certificate)
		w.intercepts, w.hasRoute = random.IntN(2) == 0, random.IntN(3) > 0
		w.claim = []string{"", awsmesh.RouteOfWaypoint, awsmesh.RouteOfSidecar, "9d2b1c6e-0000-4000-8000-000000000000"}[random.IntN(4)]
		config := inmesh.Config{
			InMesh: random.IntN(3) > 0, ProxyPort: portOf(w.sidecar.Addr()), RouteWait: -1, Logger: slog.New(slog.DiscardHandler),
			Hosts:          some(random, patterns),
			PodUID:         []string{podUID, podUID, podUID, ""}[random.IntN(4)],
			NotIntercepted: inmesh.Fallback(random.IntN(2)),
		}
		host := hosts[random.IntN(len(hosts))]
		url := []string{"https://", "https://", "http://"}[random.IntN(3)] + host + []string{"", ":443", ":80", ":8443"}[random.IntN(4)] + "/"
		listed := config.InMesh && awsmesh.MatchHost([]string{"sqs.eu-west-1.amazonaws.com", "*.s3.eu-west-1.amazonaws.com", "sts.amazonaws.com"}, host) &&
			awsmesh.MatchHost(lower(config.Hosts), host)

		name, change := "", func(*http.Request) {}
		if random.IntN(4) == 0 {
			name = slices.Sorted(maps.Keys(elsewhere))[random.IntN(len(elsewhere))]
			change = elsewhere[name]
		}

		answered := w.send(config, url, change)

		state := fmt.Sprintf("seed %d: %s, other host %q, InMesh %v, Hosts %q, pod %q, intercepts %v, route %v, claim %q, fallback %v",
			seed, url, name, config.InMesh, config.Hosts, config.PodUID, w.intercepts, w.hasRoute, w.claim, config.NotIntercepted)
		ours := strings.HasPrefix(url, "http://") && !listed // the user's own plain HTTP
		if got := w.at(w.server); got != "" && !ours {
			t.Errorf("%s: plaintext past the sidecar: %q", state, got)
		}
		if got := w.at(w.sidecar); strings.Contains(got, secret) && !w.hasRoute && !ours {
			t.Errorf("%s: plaintext to a sidecar without a route: %q", state, got)
		}
		if got := w.at(w.sidecar); strings.Contains(got, "evil") && !ours {
			t.Errorf("%s: plaintext for another host: %q", state, got)
		}
		if answered {
			sent++
		}
		w.close()
	}
	if sent < 40 {
		t.Errorf("seed %d: only %d of 400 requests were answered: this test proves little", seed, sent)
	}
}

func portOf(a net.Addr) uint16 { return uint16(a.(*net.TCPAddr).Port) } //nolint:gosec // a port

func some(random *rand.Rand, all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(string) bool { return random.IntN(3) == 0 })
}

func lower(all []string) []string {
	var l []string
	for _, s := range all {
		l = append(l, strings.ToLower(s))
	}
	return l
}
