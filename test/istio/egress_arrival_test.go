package istio

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"istio.io/istio/pkg/config"
)

// TestEgressOnItsWay lets every combination of a host's objects be what a sidecar has
// got so far. As long as it answers for the route, the route has to lead to verified
// TLS, or nowhere: Envoy answers 503 for a cluster that it does not have.
func TestEgressOnItsWay(t *testing.T) {
	kinds := []string{"DestinationRule", "VirtualService", "ServiceEntry"}
	all := parse(t, goldenObjects(t)["plaintext-wildcard"])
	for mask := range 1 << len(kinds) {
		var there []string
		for i, kind := range kinds {
			if mask>>i&1 == 1 {
				there = append(there, kind)
			}
		}
		t.Run("with "+strings.Join(there, ","), func(t *testing.T) {
			arrived := slices.DeleteFunc(slices.Clone(all), func(c config.Config) bool {
				return !slices.Contains(there, c.GroupVersionKind.Kind)
			})
			s := sidecars(t, allowAny, slices.Concat(parse(t, otherHTTP), arrived), "shop")[0]
			for host := range hosts(all) {
				if leads := s.leads(t, host); leads != expected(there) {
					t.Errorf("%s: %s, want %s", host, leads, expected(there))
				}
			}
		})
	}
}

// otherHTTP has sidecars serve HTTP on port 443 whatever we do.
const otherHTTP = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: other, namespace: shop}
spec:
  hosts: [other.example.com]
  location: MESH_EXTERNAL
  resolution: NONE
  ports: [{number: 443, name: http, protocol: HTTP}]
`

func expected(there []string) string {
	dr, vs, se := slices.Contains(there, "DestinationRule"), slices.Contains(there, "VirtualService"), slices.Contains(there, "ServiceEntry")
	switch {
	case vs && dr && se:
		return "proven, to TLS"
	case vs && se:
		return "proven, to nowhere"
	case dr && se:
		return "not proven, to TLS"
	case se:
		return "not proven, to plaintext"
	}
	return "no route"
}

// leads says where a request for host ends, and whether the sidecar answers for that.
func (s sidecar) leads(t *testing.T, host string) string {
	t.Helper()
	routes := s.virtualHost(host).GetRoutes()
	if len(routes) == 0 {
		return "no route"
	}
	proof, to := "not proven", "nowhere"
	if routes[0].GetDirectResponse() != nil {
		proof, routes = "proven", routes[1:]
	}
	if len(routes) != 1 {
		return fmt.Sprintf("%d routes", len(routes))
	}
	if c := s.clusters[routes[0].GetRoute().GetCluster()]; c != nil {
		to = "plaintext"
		if o := originationOf(t, c); o.CA != "" {
			to = "TLS"
		}
	}
	return proof + ", to " + to
}
