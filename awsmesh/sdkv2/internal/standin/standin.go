// Package standin has what tests of the mesh call instead of it: a sidecar and an AWS
// with TLS, both on loopback.
package standin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
)

// PodUID is the sidecar's answer about its route.
const PodUID = "6c1c7ab6-8f0e-4a5e-9a3f-0b1a6a0d6f0e"

// A World is a network in which each connection ends at the sidecar or, past it, at
// AWS.
type World struct {
	Intercepts atomic.Bool // connections end at the sidecar
	Route      atomic.Bool // the sidecar originates TLS
	Outside    string      // a host whose connections never end there

	Sidecar, AWS net.Addr
	Certificates []tls.Certificate // AWS's

	Dials atomic.Int32 // connections that were made

	roots *x509.CertPool
	mu    sync.Mutex
	seen  []Request
}

// A Request is what arrived.
type Request struct {
	*http.Request
	Body    string
	Sidecar bool // in plaintext, at the sidecar
}

// New returns a World in the mesh in which answer answers both at the sidecar and at
// AWS. It goes with the test.
func New(t testing.TB, answer http.HandlerFunc) *World {
	w := &World{}
	w.Intercepts.Store(true)
	w.Route.Store(true)
	sidecar, aws := httptest.NewUnstartedServer(w.noted(answer)), httptest.NewUnstartedServer(w.noted(answer))
	for _, server := range []*httptest.Server{sidecar, aws} {
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		t.Cleanup(server.Close)
	}
	sidecar.Start()
	aws.StartTLS()
	w.Sidecar, w.AWS, w.Certificates = sidecar.Listener.Addr(), aws.Listener.Addr(), aws.TLS.Certificates
	w.roots = aws.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	return w
}

// Config returns one for an application in this world.
func (w *World) Config(hosts ...string) inmesh.Config {
	port := w.Sidecar.(*net.TCPAddr).Port
	return inmesh.Config{InMesh: true, Hosts: hosts, PodUID: PodUID, ProxyPort: uint16(port), RouteWait: -1} //nolint:gosec // a port
}

// Place makes t dial in this world, and trust its AWS.
func (w *World) Place(t *http.Transport) {
	t.DialContext = w.dial
	t.Proxy = nil
	t.TLSClientConfig = &tls.Config{
		MinVersion: tls.VersionTLS12,
		RootCAs:    w.roots,
		ServerName: "example.com", // of httptest's certificate
	}
}

// Client returns the SDK's own client, in this world.
func (w *World) Client() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(w.Place)
}

// Seen returns what has arrived, without questions about the route.
func (w *World) Seen() []Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Request(nil), w.seen...)
}

func (w *World) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	w.Dials.Add(1)
	to := w.AWS
	if host, _, _ := net.SplitHostPort(addr); w.Intercepts.Load() && host != w.Outside {
		to = w.Sidecar
	}
	return (&net.Dialer{}).DialContext(ctx, network, to.String())
}

func (w *World) noted(answer http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get(awsmesh.RouteHeader) == awsmesh.RouteAsk {
			if w.Route.Load() {
				rw.Header().Set(awsmesh.RouteHeader, PodUID)
				rw.WriteHeader(http.StatusNoContent)
			}
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client has gone
		}
		w.mu.Lock()
		w.seen = append(w.seen, Request{r, string(body), r.TLS == nil})
		w.mu.Unlock()
		answer(rw, r)
	})
}
