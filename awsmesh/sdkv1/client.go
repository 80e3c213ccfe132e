package sdkv1

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/aws-mesh/aws-mesh/awsmesh/trace"
)

// newClient returns a client that is in the mesh. If cfg cannot be right, it refuses
// every request.
func newClient(cfg Config) *http.Client {
	t := newTransport()
	t.Proxy = pastLinkLocal(t.Proxy)
	m := &mesh{}
	if m.Config, m.wrong = cfg.Resolve(); m.wrong == nil {
		m.wrong = m.Install(t)
	}
	if m.wrong != nil {
		t.Proxy = func(*http.Request) (*url.URL, error) { return nil, wrongConfig{m.wrong} }
	} else {
		t.DialContext = promptDial(t.DialContext)
		m.Logger.Info("AWS is called in plaintext through the sidecar", "label", m.Label, "hosts", m.Hosts)
	}
	return &http.Client{Transport: t, Jar: m, CheckRedirect: m.redirect}
}

// newTransport returns what the SDK's own client has. It has to be an
// [*http.Transport]: into no other does the SDK put AWS_CA_BUNDLE.
func newTransport() *http.Transport {
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		return t.Clone()
	}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// A mesh is what a client of ours knows of itself. It goes along as the client's
// cookie jar, of which AWS and the SDK make no use: so the handlers of a session know
// for each request whether the client that sends it is in the mesh, also where the
// user changed or copied the client, or set another.
type mesh struct {
	Config       // resolved
	wrong  error // what is wrong with Config, or nil
}

// meshOf returns the mesh of client; if it is not in one, the zero mesh.
func meshOf(client *http.Client) mesh {
	if client != nil {
		if m, ok := client.Jar.(*mesh); ok {
			return *m
		}
	}
	return mesh{}
}

// Cookies returns nothing.
func (*mesh) Cookies(*url.URL) []*http.Cookie { return nil }

// SetCookies forgets them.
func (*mesh) SetCookies(*url.URL, []*http.Cookie) {}

// redirect follows like the standard library does, but takes no trace headers out of
// the mesh and, however many redirects later, nothing at all in plain HTTP: there may be
// keys among the headers.
func (m *mesh) redirect(r *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("stopped after 10 redirects")
	}
	if !m.Carries(r.URL) {
		if r.URL.Scheme == "http" && slices.ContainsFunc(via, func(hop *http.Request) bool { return m.Carries(hop.URL) }) {
			return http.ErrUseLastResponse
		}
		trace.Remove(r.Context(), r.Header)
	}
	return nil
}

// A wrongConfig is not worth a retry.
type wrongConfig struct{ error }

// Unwrap returns what is wrong.
func (w wrongConfig) Unwrap() error { return w.error }

// Temporary is what the SDK asks.
func (wrongConfig) Temporary() bool { return false }
