// Package trace carries the trace headers of an incoming request to the AWS calls
// that are made for it, so that the sidecar's spans join the request's trace.
//
//	incoming request → NewContext → ctx → the SDK package → the sidecar
//
// [Middleware] does it for net/http; servers of other kinds call [NewContext]. The
// SDK packages of aws-mesh read the headers from the context that a call is made
// with, and send them to the sidecar only: never outside of the mesh, and never
// signed, because the sidecar changes them.
package trace

import (
	"context"
	"net/http"
	"net/textproto"
	"slices"
)

// Headers returns the names of the headers that are carried, in canonical form: those
// of W3C Trace Context, B3, and the other formats that Envoy's tracers read, and
// Envoy's request id, which is forwarded as it came and never invented.
//
// The "baggage" header is not among them: it holds what its users like, also secrets.
func Headers() []string {
	return []string{
		"Traceparent", "Tracestate",
		"B3", "X-B3-Traceid", "X-B3-Spanid", "X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Flags",
		"X-Request-Id",
		"X-Amzn-Trace-Id",
		"X-Cloud-Trace-Context", "Grpc-Trace-Bin",
		"X-Datadog-Trace-Id", "X-Datadog-Parent-Id", "X-Datadog-Sampling-Priority",
		"X-Ot-Span-Context",
		"Sw8",
	}
}

// Middleware calls next with a context that carries the request's trace headers and
// those named by also, such as "baggage". Credentials are never carried, even if
// named.
func Middleware(next http.Handler, also ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), r.Header, also...)))
	})
}

type key struct{}

// NewContext returns a context that carries the trace headers among incoming and
// those named by also. Without any it returns ctx.
func NewContext(ctx context.Context, incoming http.Header, also ...string) context.Context {
	var carried http.Header
	carry := func(name string) {
		if values := incoming[name]; len(values) > 0 {
			if carried == nil {
				carried = make(http.Header)
			}
			carried[name] = slices.Clone(values)
		}
	}
	for _, name := range Headers() {
		carry(name)
	}
	for _, name := range also {
		if name = textproto.CanonicalMIMEHeaderKey(name); !secret(name) {
			carry(name)
		}
	}
	if carried == nil {
		return ctx
	}
	return context.WithValue(ctx, key{}, carried)
}

// FromContext returns the headers that ctx carries, or nil. They are shared: do not
// change them.
func FromContext(ctx context.Context) http.Header {
	carried, _ := ctx.Value(key{}).(http.Header)
	return carried
}

// Add puts the headers that ctx carries among those of an outgoing request. What is there
// already stays: a tracer in this process has set it, and may have let it be signed. Next
// to a "traceparent" of that tracer's the "tracestate" of another would be wrong.
func Add(ctx context.Context, outgoing http.Header) {
	_, traced := outgoing["Traceparent"]
	for name, values := range FromContext(ctx) {
		if _, there := outgoing[name]; !there && (!traced || name != "Tracestate") {
			outgoing[name] = values
		}
	}
}

// Remove takes the headers that ctx carries from those of an outgoing request, before it
// leaves the mesh.
func Remove(ctx context.Context, outgoing http.Header) {
	for name := range FromContext(ctx) {
		outgoing.Del(name)
	}
}

func secret(name string) bool {
	switch name {
	case "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie",
		"X-Amz-Security-Token", "X-Amz-Date", "X-Amz-Content-Sha256", "Host", "Content-Length", "Transfer-Encoding":
		return true
	}
	return false
}
