package istio

import (
	"bytes"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"google.golang.org/protobuf/testing/protocmp"

	networking "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pilot/test/xdstest"
	"istio.io/istio/pkg/config"
)

// others are other people's objects.
const others = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: pay, namespace: elsewhere}
spec:
  hosts: [pay.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 443, name: tls, protocol: TLS}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ads, namespace: elsewhere}
spec:
  hosts: [ads.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 80, name: http, protocol: HTTP}]
`

// TestEgress checks what Istio makes of the controller's objects: those of its golden
// cases, and those for all services of three regions at once.
func TestEgress(t *testing.T) {
	for _, policy := range policies {
		objects := goldenObjects(t)
		if policy == allowAny { // many of the same kind: once is enough
			maps.Copy(objects, regionObjects(t, "eu-west-1", "us-east-1", "cn-north-1"))
		}
		before := sidecars(t, policy, parse(t, others), "elsewhere")[0]
		for name, text := range objects {
			t.Run(name+"/"+policy.String(), func(t *testing.T) {
				ours := parse(t, text)
				got := sidecars(t, policy, slices.Concat(parse(t, others), ours), "shop", "elsewhere")
				for host, plain := range hosts(ours) {
					if plain {
						got[0].checkPlaintext(t, host)
					} else {
						got[0].checkPassthrough(t, host)
					}
				}
				got[0].checkListener(t, policy)
				if !bytes.Equal(got[1].bytes, before.bytes) {
					t.Error("a pod of another namespace is told something else than without our objects")
				}
			})
		}
	}
}

// goldenObjects returns the sections objects.yaml of the controller's golden cases of
// sidecars: neither gateways nor waypoints.
func goldenObjects(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../internal/egress/testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string]string{}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		if text, ok := section(archive, "objects.yaml"); ok && !strings.HasPrefix(name, "gateway") && !strings.HasPrefix(name, "waypoint") {
			objects[strings.TrimSuffix(name, ".txtar")] = text
		}
	}
	if len(objects) < 8 {
		t.Errorf("%d golden cases with objects.yaml, want at least 8", len(objects))
	}
	return objects
}

// hosts returns the hosts that objects open, and whether in plaintext.
func hosts(objects []config.Config) map[string]bool {
	plain := map[string]bool{}
	for _, c := range objects {
		switch spec := c.Spec.(type) {
		case *networking.ServiceEntry:
			plain[spec.Hosts[0]] = plain[spec.Hosts[0]]
		case *networking.VirtualService:
			plain[spec.Hosts[0]] = true
		}
	}
	return plain
}

// Plaintext and TLS to one port are told apart by their first bytes; with what nobody
// announced, the mesh's policy is done.
func (s sidecar) checkListener(t *testing.T, p policy) {
	t.Helper()
	l := s.listeners["0.0.0.0_443"]
	if s.routes["443"] != nil {
		http := l.GetFilterChains()[0]
		if m := http.FilterChainMatch; m.TransportProtocol != "raw_buffer" || !slices.Contains(m.ApplicationProtocols, "http/1.1") {
			t.Errorf("first filter chain of port 443 matches %v, want plaintext HTTP", m)
		}
		if name := xdstest.ExtractHTTPConnectionManager(t, http).GetRds().GetRouteConfigName(); name != "443" {
			t.Errorf("plaintext HTTP on port 443 takes the routes %q", name)
		}
	}
	unknown, host := "PassthroughCluster", "allow_any"
	if p == registryOnly {
		unknown, host = "BlackHoleCluster", "block_all"
	}
	if to := xdstest.ExtractTCPProxy(t, l.GetDefaultFilterChain()).GetCluster(); to != unknown {
		t.Errorf("other traffic on port 443 goes to %q, want %s", to, unknown)
	}
	if v := s.virtualHost("*"); s.routes["443"] != nil && v.GetName() != host {
		t.Errorf("plaintext to other hosts on port 443 goes to %q, want %s", v.GetName(), host)
	}
	if s.chain("pay.example.com") == nil {
		t.Error("a neighbour's TLS on port 443 lost its filter chain")
	}
}

// checkPassthrough demands that an application's TLS to host leaves as it is.
func (s sidecar) checkPassthrough(t *testing.T, host string) {
	t.Helper()
	name := "outbound|443||" + host
	if c := s.clusters[name]; c == nil || c.TransportSocket != nil {
		t.Errorf("cluster %s = %v, want one without TLS of its own", name, c)
	}
	if c := s.chain(host); c == nil || xdstest.ExtractTCPProxy(t, c).GetCluster() != name {
		t.Errorf("TLS to %s takes %v, want %s", host, c, name)
	}
	if v := s.virtualHost(host); v != nil {
		t.Errorf("plaintext to %s has a route: %v", host, v)
	}
}

// checkPlaintext demands that the sidecar answers for the route to host itself, and
// that the route has verified TLS and nothing of the mesh's own.
func (s sidecar) checkPlaintext(t *testing.T, host string) {
	t.Helper()
	v := s.virtualHost(host)
	if v.GetRetryPolicy() != nil {
		t.Errorf("%s is retried: %v", host, v.GetRetryPolicy())
	}
	want := []*routev3.Route{proofRoute(answerOfSidecar), hostRoute(host)}
	if diff := cmp.Diff(want, v.GetRoutes(), protocmp.Transform(), protocmp.IgnoreFields(&routev3.Route{}, "metadata", "decorator")); diff != "" {
		t.Errorf("routes to %s (-want +got):\n%s", host, diff)
	}
	for _, subset := range []string{"", "tls"} {
		if diff := cmp.Diff(verified(host), originationOf(t, s.clusters[clusterName(subset, host)])); diff != "" {
			t.Errorf("cluster %s (-want +got):\n%s", clusterName(subset, host), diff)
		}
	}
}
