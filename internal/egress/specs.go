package egress

import (
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

func (h Host) wildcard() bool { return strings.HasPrefix(h.Name, "*.") }

// The protocol of an HTTP port is told from TLS by its first bytes, so the port still
// serves everybody else's HTTPS. TCP, or none, would break it.
func (h Host) serviceEntry() map[string]any {
	name, protocol, resolution := "http-aws", "HTTP", "NONE"
	if h.Mode == awsmesh.Passthrough {
		name, protocol = "tls-aws", "TLS"
		if !h.wildcard() {
			resolution = "DNS"
		}
	}
	return map[string]any{
		"hosts":      []any{h.Name},
		"exportTo":   []any{"."},
		"location":   "MESH_EXTERNAL",
		"resolution": resolution,
		"ports":      []any{map[string]any{"number": port, "name": name, "protocol": protocol}},
	}
}

// Without subjectAltNames the name in the server's certificate is not checked, and
// before Istio 1.21 nothing is without caCertificates. For a wildcard, sni and the
// name to check both follow the Host header if neither is given. AWS's HTTP/1.1
// endpoints cannot be upgraded, whatever the mesh's default. The subset inherits all
// of it, so that a route of the user's to the bare host gets TLS as well.
func (h Host) destinationRule() map[string]any {
	tls := map[string]any{"mode": "SIMPLE", "caCertificates": "system"}
	if !h.wildcard() {
		tls["sni"] = h.Name
		tls["subjectAltNames"] = []any{h.Name}
	}
	return map[string]any{
		"host":     h.Name,
		"exportTo": []any{"."},
		"trafficPolicy": map[string]any{
			"tls":            tls,
			"connectionPool": map[string]any{"http": map[string]any{"h2UpgradePolicy": "DO_NOT_UPGRADE"}},
		},
		"subsets": []any{map[string]any{"name": subset}},
	}
}

// The match on the port is needed because Istio also serves a VirtualService on port 80
// where no ServiceEntry has that port: plain HTTP to AWS would get TLS there.
func (h Host) virtualService(answer string, route map[string]any) map[string]any {
	route["match"] = []any{map[string]any{"port": port}}
	return map[string]any{
		"hosts":    []any{h.Name},
		"exportTo": []any{"."},
		"http":     []any{routeProof(answer), route},
	}
}

// routeProof answers an application that asks, without leaving the proxy: who gets
// this answer is on a connection whose other requests take the route that follows it.
func routeProof(answer string) map[string]any {
	asks := map[string]any{awsmesh.RouteHeader: map[string]any{"exact": awsmesh.RouteAsk}}
	answers := map[string]any{awsmesh.RouteHeader: answer}
	return map[string]any{
		"match":          []any{map[string]any{"port": port, "headers": asks}},
		"directResponse": map[string]any{"status": int64(204)},
		"headers":        map[string]any{"response": map[string]any{"set": answers}},
	}
}

// The AWS SDK retries by itself, and signs again; the proxy must not.
func routeTo(host, subset string) map[string]any {
	to := map[string]any{"host": host, "subset": subset, "port": map[string]any{"number": port}}
	return map[string]any{
		"route":   []any{map[string]any{"destination": to}},
		"retries": map[string]any{"attempts": int64(0)},
		"headers": map[string]any{"request": map[string]any{"remove": envoyHeaders()}},
	}
}

// envoyHeaders are what a sidecar adds for the next sidecar; they name workloads of
// the mesh. No SDK sets or signs them. Trace headers and x-request-id stay: an
// application may have signed those.
func envoyHeaders() []any {
	return []any{
		"x-envoy-attempt-count",
		"x-envoy-decorator-operation",
		"x-envoy-expected-rq-timeout-ms",
		"x-envoy-peer-metadata",
		"x-envoy-peer-metadata-id",
		"x-forwarded-proto",
	}
}
