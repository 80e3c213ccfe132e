package sdkv1

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go/aws/corehandlers"
	"github.com/aws/aws-sdk-go/aws/request"

	"github.com/aws-mesh/aws-mesh/awsmesh/trace"
)

// A sender is in the place of the SDK's handler that sends.
type sender struct{ label string }

// send sends a copy of the signed request, with the trace headers. What was signed
// stays as it is, so a retry signs the same again; and the transport may go on reading
// the copy after an error.
func (s sender) send(r *request.Request) {
	s.log(r)
	signed := r.HTTPRequest
	r.HTTPRequest = traced(r)
	corehandlers.SendHandler.Fn(r)
	r.HTTPRequest = signed
	explainResponse(r)
}

// log says where the request goes, and nothing that may be secret: no query, and of
// the agents' addresses no path.
func (s sender) log(r *request.Request) {
	logger := loggerOf(r.Config.Logger)
	if !logger.Enabled(r.Context(), slog.LevelDebug) {
		return
	}
	u := &url.URL{Scheme: r.HTTPRequest.URL.Scheme, Host: r.HTTPRequest.URL.Host}
	if r.ClientInfo.ServiceName != credentialsEndpoint {
		u.Path, u.RawPath = r.HTTPRequest.URL.Path, r.HTTPRequest.URL.RawPath
	}
	logger.DebugContext(r.Context(), "AWS request", "label", s.label, "operation", r.Operation.Name,
		"method", r.HTTPRequest.Method, "url", u.String(), "attempt", r.RetryCount+1)
}

// credentialsEndpoint is the service name of package endpointcreds. On ECS, who knows
// the path gets the credentials.
const credentialsEndpoint = "CredentialsEndpoint"

// traced returns the request to be sent.
func traced(r *request.Request) *http.Request {
	if trace.FromContext(r.Context()) == nil || !meshOf(r.Config.HTTPClient).Carries(r.HTTPRequest.URL) {
		return r.HTTPRequest
	}
	sent := r.HTTPRequest.WithContext(r.HTTPRequest.Context())
	sent.Header = r.HTTPRequest.Header.Clone()
	trace.Add(r.Context(), sent.Header)
	return sent
}

// traceAfterSigning moves trace headers that somebody set on the request itself into
// its context, so that they are sent like the others: the sidecar changes them, and
// would break a signature.
func traceAfterSigning(r *request.Request) {
	if r.IsPresigned() || !meshOf(r.Config.HTTPClient).Carries(r.HTTPRequest.URL) {
		return
	}
	set := trace.FromContext(trace.NewContext(context.Background(), r.HTTPRequest.Header))
	if set == nil {
		return
	}
	all := http.Header{}
	maps.Copy(all, trace.FromContext(r.Context()))
	maps.Copy(all, set)
	r.SetContext(trace.NewContext(r.Context(), all, slices.Collect(maps.Keys(all))...))
	for name := range set {
		r.HTTPRequest.Header.Del(name)
	}
}
