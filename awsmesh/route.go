package awsmesh

// How a sidecar proves that it originates TLS for a host: the controller gives every
// plaintext host a route that answers a request with RouteHeader: RouteAsk by itself,
// with status 204 and RouteHeader: RouteAnswer. An application asks before it sends
// the first signed byte of a connection.
const (
	RouteHeader = "x-aws-mesh-route"
	RouteAsk    = "ask"
	RouteAnswer = "tls"
)
