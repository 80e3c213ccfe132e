package attempt

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"time"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
)

// HandleDeserialize sends a signed request and returns the response as it came, or an
// error that says what the mesh did to it.
func (m *mesh) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return next.HandleDeserialize(ctx, in)
	}
	m.log(ctx, request)
	if !m.ours(request.URL) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		host := request.URL.Hostname()
		if _, local := awsmesh.LinkLocal(host); local || request.URL.Scheme == "https" { // any other http:// is a stand-in for AWS
			err = m.explain(host, out, err)
		}
		return out, metadata, err
	}
	out, metadata, err := m.send(ctx, request, next)
	return out, metadata, m.explain(request.URL.Hostname(), out, err)
}

// ours reports whether a request to u must not reach the SDK's client: it is for the
// sidecar, or it is plain HTTP for a host of the mesh, which the transport refuses.
func (m *mesh) ours(u *url.URL) bool {
	return m.Carries(u) || m.InMesh && u.Scheme == "http" && awsmesh.MatchHost(m.Hosts, u.Hostname())
}

// send sends request to the sidecar or, if there is none and m says so, with TLS and
// the SDK's client.
func (m *mesh) send(ctx context.Context, request *smithyhttp.Request, next middleware.DeserializeHandler) (
	out middleware.DeserializeOutput, metadata middleware.Metadata, err error,
) {
	fallback := m.NotIntercepted == inmesh.UseTLS && m.Carries(request.URL)
	if !fallback || !m.isPast(request.URL.Hostname()) {
		out.RawResponse, metadata, err = m.sidecar.Handle(ctx, request)
		if !fallback || !errors.Is(err, inmesh.ErrNotIntercepted) && !errors.Is(err, inmesh.ErrNoRoute) {
			return out, metadata, err
		}
		m.pass(request.URL.Hostname(), err)
	}
	// No connection was made, so net/http has not read from the request's stream.
	if request.URL.Scheme != "https" {
		request = request.Clone()
		request.URL.Scheme = "https"
	}
	return next.HandleDeserialize(ctx, middleware.DeserializeInput{Request: request})
}

// pastFor is how long a host is called past the mesh before the sidecar is asked
// again: the question costs a connection.
const pastFor = 30 * time.Second

func (m *mesh) isPast(host string) bool {
	until, ok := m.past.Load(host)
	return ok && time.Now().Before(until.(time.Time))
}

func (m *mesh) pass(host string, why error) {
	if _, said := m.past.Swap(host, time.Now().Add(pastFor)); !said {
		m.Logger.Warn("AWS is called with TLS past the mesh", "label", m.Label, "host", host, "reason", why)
	}
}

// log says what is sent, without the query, which may hold a signature.
func (m *mesh) log(ctx context.Context, r *smithyhttp.Request) {
	if !m.Logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	m.Logger.LogAttrs(ctx, slog.LevelDebug, "AWS request",
		slog.String("label", m.Label), slog.String("method", r.Method), slog.String("url", r.URL.Host+r.URL.EscapedPath()),
		slog.String("service", middleware.GetServiceID(ctx)), slog.String("operation", middleware.GetOperationName(ctx)),
		slog.Bool("sidecar", m.ours(r.URL)))
}
