package istio

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	"istio.io/istio/pkg/config"
)

// trap is what somebody who may write in another namespace shows the whole mesh for a
// host of ours: it answers for the route as ours do, and leads to himself without TLS.
const trap = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: trap, namespace: attacker, creationTimestamp: "2001-01-01T00:00:00Z"}
spec:
  hosts: ["HOST"]
  exportTo: ["EXPORT"]
  location: MESH_EXTERNAL
  resolution: NONE
  ports: [{number: 443, name: http, protocol: HTTP}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: trap, namespace: attacker, creationTimestamp: "2001-01-01T00:00:00Z"}
spec: {host: "HOST", exportTo: ["EXPORT"], trafficPolicy: {tls: {mode: DISABLE}}, subsets: [{name: tls}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: trap-for-some, namespace: attacker, creationTimestamp: "2001-01-01T00:00:00Z"}
spec: {host: "HOST", workloadSelector: {matchLabels: {app: web}}, trafficPolicy: {tls: {mode: DISABLE}}, subsets: [{name: tls}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a-trap, namespace: attacker, creationTimestamp: "2001-01-01T00:00:00Z"}
spec:
  hosts: ["HOST"]
  exportTo: ["EXPORT"]
  http:
  - match: [{headers: {x-aws-mesh-route: {exact: ask}}}]
    directResponse: {status: 204}
    headers: {response: {set: {x-aws-mesh-route: "%ENVIRONMENT(AWS_MESH_POD_UID)%"}}}
  - route: [{destination: {host: trap.example.com, port: {number: 80}}}]
` + hisOwn

// hisOwn is where the traps lead.
const hisOwn = `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: his-own, namespace: attacker}
spec:
  hosts: [trap.example.com]
  exportTo: ["EXPORT"]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: 192.0.2.66}]
`

// TestForeignObjects sets that trap for each host. Alone it works; with our objects, what
// pods are told of port 443 is ours by the byte, whichever came first.
func TestForeignObjects(t *testing.T) {
	golden := goldenObjects(t)
	for _, name := range []string{"plaintext-wildcard", "passthrough"} {
		ours := parse(t, golden[name])
		for host := range hosts(ours) {
			for _, to := range []string{"*", "shop"} {
				theirs := parse(t, strings.NewReplacer("HOST", host, "EXPORT", to).Replace(trap))
				t.Run(name+"/"+host+"/exported to "+to, func(t *testing.T) {
					if leads := webIn(t, theirs).leads(t, host); leads != "proven, to plaintext" {
						t.Errorf("the trap alone: %s; so it proves nothing", leads)
					}
					want := on443(t, webIn(t, ours))
					for _, objects := range [][]config.Config{slices.Concat(theirs, ours), slices.Concat(ours, theirs)} {
						if diff := cmp.Diff(want, on443(t, webIn(t, objects))); diff != "" {
							t.Errorf("beside the trap (-want +got):\n%s", diff)
						}
					}
				})
			}
		}
	}
}

// tlsTrap leads the TLS of a host to him.
const tlsTrap = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: tls-trap, namespace: attacker, creationTimestamp: "2001-01-01T00:00:00Z"}
spec:
  hosts: ["HOST"]
  exportTo: ["EXPORT"]
  tls: [{match: [{sniHosts: ["HOST"]}], route: [{destination: {host: trap.example.com, port: {number: 80}}}]}]
` + hisOwn

// TestForeignTLSRoute shows what acts on our private objects all the same: Istio takes
// routes for TLS from every namespace, by a name that ours covers, or that covers ours.
// For a host that is called in plaintext there are none.
func TestForeignTLSRoute(t *testing.T) {
	golden := goldenObjects(t)
	for name, acts := range map[string]bool{"plaintext-wildcard": false, "passthrough": true} {
		ours := parse(t, golden[name])
		want := on443(t, webIn(t, ours))
		for host := range hosts(ours) {
			for _, trapped := range []string{host, strings.Replace(host, "*", "123456789012", 1), "*.amazonaws.com"} {
				theirs := parse(t, strings.NewReplacer("HOST", trapped, "EXPORT", "*").Replace(tlsTrap))
				got := on443(t, webIn(t, slices.Concat(ours, theirs)))
				led := false
				for part, text := range got {
					led = led || strings.Contains(part, "chain") && bytes.Contains(text, []byte("outbound|80||trap.example.com"))
				}
				if diff := cmp.Diff(want, got); led != acts || (diff != "") != acts {
					t.Errorf("%s, a route for %s: TLS is led to the trap: %t, want %t; if this is kept out now, the document is to say so (-without the trap +with it):\n%s",
						name, trapped, led, acts, diff)
				}
			}
		}
	}
}

// TestForeignGateway sets it for the egress gateway's Service.
func TestForeignGateway(t *testing.T) {
	shop := customers[0].objects(t, buildCommandLine(t))
	want := newIstiod(t, allowAny, gatewayPod, slices.Concat(gatewayObjects(t), shop)).sidecar(t, "shop")
	for _, to := range []string{"*", "shop"} {
		theirs := parse(t, strings.NewReplacer("HOST", "gateway.aws-mesh-egress.svc.cluster.local", "EXPORT", to, "name: tls", "name: aws-mesh").Replace(trap))
		got := newIstiod(t, allowAny, gatewayPod, slices.Concat(theirs, gatewayObjects(t), shop)).sidecar(t, "shop")
		if diff := cmp.Diff(on443(t, want), on443(t, got)); diff != "" {
			t.Errorf("exported to %s (-want +got):\n%s", to, diff)
		}
	}
}

// webIn returns what Istio tells a pod of namespace shop.
func webIn(t *testing.T, objects []config.Config) sidecar {
	t.Helper()
	return istiod{core.NewConfigGenTest(t, core.TestOptions{Configs: objects, MeshConfig: meshConfig(allowAny)})}.tell(t, &model.Proxy{ConfigNamespace: "shop", Labels: map[string]string{"app": "web"}})
}

// on443 returns the parts of s that are about port 443.
func on443(t *testing.T, s sidecar) map[string][]byte {
	t.Helper()
	parts := s.parts(t)
	for part := range parts {
		if !strings.Contains(part, "443") {
			delete(parts, part)
		}
	}
	return parts
}

// TestForeignNameBelow shows what ours do not keep out: Istio takes the most specific name,
// so a trap for one name works beside our wildcard. What keeps it out is
// deploy/components/private-hosts.
func TestForeignNameBelow(t *testing.T) {
	ours := parse(t, goldenObjects(t)["plaintext-wildcard"])
	const below = "123456789012.ddb.eu-west-1.amazonaws.com"
	theirs := parse(t, strings.NewReplacer("HOST", below, "EXPORT", "*").Replace(trap))
	if leads := webIn(t, slices.Concat(ours, theirs)).leads(t, below); leads != "proven, to plaintext" {
		t.Errorf("%s: %s; if this is kept out now, the document is to say so", below, leads)
	}
}
