package inmesh

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Install makes t speak plaintext to the sidecar for the hosts of c on port 443. All
// other requests go as before. Outside of the mesh it does nothing. The error says
// what is wrong with c; t is as it was then.
//
// It sets Proxy, DialContext and DialTLSContext over what is there.
func (c Config) Install(t *http.Transport) error {
	c, err := c.Resolve()
	if err != nil || !c.InMesh {
		return err
	}
	m := &mesh{Config: c, since: time.Now(), direct: dialer(t), tls: t.DialTLSContext, transport: t}
	t.Proxy = m.proxy(t.Proxy)
	t.DialContext = m.dial
	t.DialTLSContext = m.dialTLS
	return nil
}

// A mesh dials for one transport.
type mesh struct {
	Config
	since     time.Time // when it was installed
	direct    dial      // dials TCP
	tls       dial      // the transport's own, or nil
	transport *http.Transport
	buffers   sync.Pool
	said      sync.Map // what was logged, once each: kind → host
}

type dial = func(ctx context.Context, network, addr string) (net.Conn, error)

func dialer(t *http.Transport) dial {
	if t.DialContext != nil {
		return t.DialContext
	}
	d := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	return d.DialContext
}

// proxy sends nothing that is for the sidecar to an HTTP proxy, and lets no plain HTTP
// pass for a host of the mesh. RoundTrip asks it for every request, also on a connection
// that is there.
func (m *mesh) proxy(other func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		switch host := r.URL.Hostname(); {
		case m.Carries(r.URL):
			return nil, checkHost(r)
		case r.URL.Scheme == "http" && m.listed(host):
			return nil, plainHTTP(host, r.URL.Port())
		case other != nil:
			return other(r)
		}
		return nil, nil
	}
}

// dial is asked for plain connections: of http:// URLs, and to HTTP proxies.
func (m *mesh) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	switch {
	case err != nil || !m.listed(host):
		return m.direct(ctx, network, addr)
	case port != "443":
		return nil, plainHTTP(host, port)
	}
	return m.overSidecar(ctx, network, addr)
}

// dialTLS is asked for the connections of https:// URLs.
func (m *mesh) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err == nil && port == "443" && m.listed(host) {
		return m.overSidecar(ctx, network, addr)
	}
	return m.toServer(ctx, network, addr)
}

// overSidecar returns a connection on which plaintext may be sent or, if c says so and
// it may not, one with TLS.
func (m *mesh) overSidecar(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := m.proven(ctx, network, addr)
	for mayArrive(err) && time.Since(m.since) < m.RouteWait {
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(routeInterval):
		}
		conn, err = m.proven(ctx, network, addr)
	}
	if err == nil {
		return conn, nil
	}
	if m.NotIntercepted == UseTLS && (errors.Is(err, ErrNotIntercepted) || errors.Is(err, ErrNoRoute)) {
		m.warn("AWS is called with TLS past the mesh", err)
		return m.toServer(ctx, network, addr)
	}
	return nil, err
}

// mayArrive reports whether err is of a route that may still be on its way.
func mayArrive(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && errors.Is(e.Kind, ErrNoRoute) && e.Temporary()
}

// routeInterval is the time between two questions about a route that is on its way.
const routeInterval = 200 * time.Millisecond

// warn logs each kind of error once.
func (m *mesh) warn(message string, err error) {
	var e *Error
	if !errors.As(err, &e) {
		return
	}
	if _, said := m.said.LoadOrStore(e.Kind, e.Host); !said {
		m.Logger.Warn(message, "label", m.Label, "host", e.Host, "reason", e.Reason, "cure", e.Cure)
	}
}
