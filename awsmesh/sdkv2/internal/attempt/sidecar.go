package attempt

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/aws-mesh/aws-mesh/awsmesh/trace"
)

// Transport returns a transport with the limits and time-outs of the SDK's own.
func Transport() *http.Transport { return awshttp.NewBuildableClient().GetTransport() }

// A sidecar is the client for carried requests. Like the SDK's, it follows 307 and 308
// alone; unlike an [http.Client], it does not copy the headers of each request in case
// there will be a redirect.
type sidecar struct {
	transport *http.Transport
	carries   func(*url.URL) bool
}

// Do sends r, which is not signed any more and is nobody else's.
func (s sidecar) Do(r *http.Request) (*http.Response, error) {
	trace.Add(r.Context(), r.Header)
	if r.Body != nil {
		r.Body = body{r.Body}
	}
	response, err := s.transport.RoundTrip(r)
	if err != nil {
		op := cmp.Or(r.Method, http.MethodGet)
		op = op[:1] + strings.ToLower(op[1:])
		return nil, &url.Error{Op: op, URL: r.URL.Redacted(), Err: err} // as http.Client
	}
	switch response.StatusCode {
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		client := http.Client{Transport: &answered{response, s.transport}, CheckRedirect: s.redirect}
		return client.Do(r)
	}
	return response, nil
}

// A body hides the WriteTo of the SDK's, which reports io.EOF once it is closed. The
// SDK closes it when a response is there; net/http may still be looking for the end,
// and would give up the connection.
type body struct{ io.ReadCloser }

// An answered transport gives the response that is there already, then sends.
type answered struct {
	first *http.Response
	rest  http.RoundTripper
}

func (a *answered) RoundTrip(r *http.Request) (*http.Response, error) {
	if first := a.first; first != nil {
		a.first = nil
		return first, nil
	}
	return a.rest.RoundTrip(r)
}

const maxRedirects = 10 // as http.Client

// redirect keeps from another host what is meant for the first one, and follows nobody
// out of the mesh in plain HTTP.
func (s sidecar) redirect(r *http.Request, via []*http.Request) error {
	switch r.Response.StatusCode {
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return http.ErrUseLastResponse
	}
	if len(via) >= maxRedirects || r.URL.Scheme == "http" && !s.carries(r.URL) {
		return http.ErrUseLastResponse
	}
	if r.URL.Host != via[len(via)-1].URL.Host {
		r.Header.Del("X-Amz-Security-Token")
		trace.Remove(r.Context(), r.Header)
	}
	return nil
}
