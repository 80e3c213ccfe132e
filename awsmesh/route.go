package awsmesh

import "net/netip"

// How a proxy of the mesh proves that it originates TLS for a host: the controller gives
// every plaintext host a route that answers a request with RouteHeader: RouteAsk by
// itself, with status 204 and in RouteHeader what nobody outside can answer. An
// application asks before it sends the first signed byte of a connection.
const (
	RouteHeader = "x-aws-mesh-route"
	RouteAsk    = "ask"

	// RouteOfSidecar is the answer of a sidecar, as Envoy is told it: the UID of its own
	// pod, [EnvPodUID].
	RouteOfSidecar = "%ENVIRONMENT(" + EnvPodUID + ")%"

	// RouteOfWaypoint is the answer of a waypoint. It counts on a connection to an
	// address that leads nowhere but to one, see [Allocated].
	RouteOfWaypoint = "tls"
)

// Allocated reports whether Istio gave addr to a host as an address of the mesh alone: it
// is of a range that is routed nowhere.
// Source: https://istio.io/latest/docs/ops/configuration/traffic-management/dns-proxy/
func Allocated(addr netip.Addr) bool {
	return netip.MustParsePrefix("240.240.0.0/16").Contains(addr.Unmap()) || netip.MustParsePrefix("2001:2::/48").Contains(addr)
}
