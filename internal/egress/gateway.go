package egress

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// A Gateway is the Service of an egress gateway of Istio's. Sidecars send plaintext
// hosts there, in the mesh's mTLS, and it originates the TLS to AWS. The zero value is
// none: the sidecars originate it.
//
// Where the Service is, there has to be the Gateway object "aws-mesh", as in
// deploy/components/egress-gateway: port 443, HTTPS with mode ISTIO_MUTUAL.
type Gateway struct{ Namespace, Service string }

const (
	gatewayObject = "aws-mesh"

	// gatewaySubset is what our DestinationRule for the gateway's Service adds to it.
	gatewaySubset = "aws-mesh"

	// atGateway ends the names under which the gateway has hosts of AWS. AWS's own would
	// also change what other pods of the gateway's namespace do, and may be a user's.
	atGateway = ".aws-mesh.internal"
)

// UnmarshalText reads "namespace/service", or "" for none.
func (g *Gateway) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*g = Gateway{}
		return nil
	}
	namespace, service, _ := strings.Cut(string(text), "/")
	for _, name := range []string{namespace, service} {
		if len(validation.IsDNS1123Label(name)) > 0 {
			return fmt.Errorf("%q is not namespace/service, as in aws-mesh-egress/gateway", text)
		}
	}
	*g = Gateway{Namespace: namespace, Service: service}
	return nil
}

// MarshalText is the reverse of UnmarshalText.
func (g Gateway) MarshalText() ([]byte, error) {
	if g == (Gateway{}) {
		return nil, nil
	}
	return []byte(g.Namespace + "/" + g.Service), nil
}

func (g Gateway) host() string { return g.Service + "." + g.Namespace + ".svc.cluster.local" }

// viaGateway reports whether h leaves the mesh through the gateway. The gateway resolves
// names, and a wildcard is none: it takes the address of the name below which the
// wildcard is, as S3 has all buckets of a region at one, where that is called too.
func (e Egress) viaGateway(h Host) bool {
	if e.Gateway == (Gateway{}) || h.Mode != awsmesh.Plaintext || h.Waypoint {
		return false
	}
	return !h.wildcard() || slices.ContainsFunc(e.Hosts, func(o Host) bool { return o.Name == h.address() })
}

// address is the name that the gateway resolves for h.
func (h Host) address() string { return strings.TrimPrefix(h.Name, "*.") }

// toGateway is what the sidecars of a namespace need besides their hosts: mTLS.
func (e Egress) toGateway() leg {
	return leg{host: e.Gateway.host(), specs: map[string]map[string]any{destinationRule: {
		"host":     e.Gateway.host(),
		"exportTo": []any{"."},
		"subsets": []any{map[string]any{
			"name": gatewaySubset,
			"trafficPolicy": map[string]any{
				"tls":            map[string]any{"mode": "ISTIO_MUTUAL"},
				"connectionPool": map[string]any{"http": map[string]any{"h2UpgradePolicy": "DO_NOT_UPGRADE"}},
			},
		}},
	}}}
}

// fromGateway is what the gateway needs for h, and nobody but its namespace gets.
func (e Egress) fromGateway(h Host) leg {
	host, exportTo := h.Name+atGateway, []any{e.Gateway.Namespace}
	entry, rule := h.serviceEntry(), h.destinationRule()
	entry["hosts"], entry["exportTo"] = []any{host}, exportTo
	entry["resolution"], entry["endpoints"] = "DNS", []any{map[string]any{"address": h.address()}}
	rule["host"], rule["exportTo"] = host, exportTo
	route := routeTo(host, subset)
	route["match"] = []any{h.fromNamespace(e.Namespace)}
	route["headers"] = map[string]any{"request": map[string]any{"remove": append(envoyHeaders(), gatewayHeaders()...)}}
	return leg{host: host, of: h.Name, specs: map[string]map[string]any{
		destinationRule: rule,
		virtualService: {
			"hosts":    []any{h.family()},
			"gateways": []any{e.Gateway.Namespace + "/" + gatewayObject},
			"exportTo": exportTo,
			"http":     []any{route, noRoute()},
		},
		serviceEntry: entry,
	}}
}

// family is the name under which the gateway looks for h's routes. Envoy takes those of
// the longest name that fits and no others, so one namespace's bucket would hide
// another's wildcard: both are found under the wildcard.
func (h Host) family() string {
	_, parent, _ := strings.Cut(h.Name, ".")
	if !h.wildcard() && (strings.HasPrefix(parent, "s3.") || strings.HasPrefix(parent, "s3-fips.")) {
		return "*." + parent
	}
	return h.Name
}

// fromNamespace matches requests for h from pods of namespace. The gateway writes the
// header itself, from the certificate that the sidecar has shown; what comes last is
// the name in it.
func (h Host) fromNamespace(namespace string) map[string]any {
	match := map[string]any{"headers": map[string]any{
		"x-forwarded-client-cert": map[string]any{"regex": ".*;URI=spiffe://[^/]+/ns/" + regexp.QuoteMeta(namespace) + "/sa/[^/;,]+"},
	}}
	if h.family() != h.Name {
		match["authority"] = map[string]any{"regex": regexp.QuoteMeta(h.Name) + "(:443)?"}
	}
	return match
}

// noRoute is for requests of other namespaces. Envoy itself would answer 404, which to an
// AWS SDK means that there is no such bucket.
func noRoute() map[string]any {
	return map[string]any{"directResponse": map[string]any{
		"status": int64(503),
		"body":   map[string]any{"string": "no healthy upstream: the egress gateway has no route to this host for this namespace"},
	}}
}

// gatewayHeaders are what a gateway adds: who has called.
func gatewayHeaders() []any {
	return []any{"x-envoy-external-address", "x-forwarded-client-cert", "x-forwarded-for"}
}
