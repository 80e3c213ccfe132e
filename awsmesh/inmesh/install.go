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
// what is wrong with c, or with t, which is as it was then.
//
// It sets Proxy, DialContext and DialTLSContext over what is there. For a host of c the
// dialer that is there has to return a [*net.TCPConn]: no other can be proven.
//
// HTTP/2 stays as it was, for the other hosts. But where t speaks it, it also tries to
// with a request that asks for an upgrade, such as a WebSocket's, and that fails: give
// such a client a transport of its own.
func (c Config) Install(t *http.Transport) error {
	c, err := c.Resolve()
	if err != nil || !c.InMesh {
		return err
	}
	if p := t.Protocols; p != nil && p.UnencryptedHTTP2() && !p.HTTP1() { // net/http would find its connections without asking Proxy
		return errors.New("the transport's Protocols have plaintext in HTTP/2 alone, and the sidecar is spoken to in HTTP/1.1: add SetHTTP1(true)")
	}
	m := &mesh{Config: c, since: time.Now(), direct: dialer(t), tls: tlsDialer(t), transport: t}
	if t.DialContext == nil && t.Dial == nil && m.tls == nil && t.TLSClientConfig == nil { //nolint:staticcheck // as net/http looks
		t.ForceAttemptHTTP2 = true // without dialers, it has HTTP/2 anyway
	}
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
	waits     sync.Map // for routes: address → *wait
	said      sync.Map // what was logged: [2]string{message, host}
}

type dial = func(ctx context.Context, network, addr string) (net.Conn, error)

// dialer returns what t dials TCP with.
func dialer(t *http.Transport) dial {
	switch old := t.Dial; { //nolint:staticcheck // net/http goes by it, too
	case t.DialContext != nil:
		return connected(t.DialContext)
	case old != nil:
		return connected(withoutContext(old))
	}
	d := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	return d.DialContext
}

// withoutContext makes a dial of a dialer of the old kind.
func withoutContext(old func(network, addr string) (net.Conn, error)) dial {
	return func(_ context.Context, network, addr string) (net.Conn, error) { return old(network, addr) }
}

// connected makes an error of a dialer that returns neither a connection nor one, as
// net/http does.
func connected(d dial) dial {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := d(ctx, network, addr)
		if conn == nil && err == nil {
			err = errors.New("the transport's dialer returned (nil, nil) for " + addr)
		}
		return conn, err
	}
}

// tlsDialer returns what t makes TLS connections with, or nil: then it is TLS over
// dialer's. Only net/http uses what it returns, and looks at it.
func tlsDialer(t *http.Transport) dial {
	if old := t.DialTLS; t.DialTLSContext == nil && old != nil { //nolint:staticcheck // net/http goes by it, too
		return withoutContext(old)
	}
	return t.DialTLSContext
}

// proxy sends nothing that is for the sidecar to an HTTP proxy, and lets no plain HTTP
// pass for a host of the mesh. RoundTrip asks it for every request, also on a connection
// that is there.
func (m *mesh) proxy(other func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		to := dialled(r.URL)
		switch host := to.Hostname(); {
		case m.Carries(to):
			return nil, checkHost(r, host)
		case to.Scheme == "http" && m.listed(host):
			return nil, plainHTTP(host, to.Port())
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
	return m.overSidecar(ctx, network, addr, true)
}

// dialTLS is asked for the connections of https:// URLs.
func (m *mesh) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err == nil && port == "443" && m.listed(host) {
		return m.overSidecar(ctx, network, addr, false)
	}
	return m.toServer(ctx, network, addr, false)
}

// overSidecar returns a connection on which plaintext may be sent or, if c says so and
// it may not, one with TLS, see toServer.
func (m *mesh) overSidecar(ctx context.Context, network, addr string, onlyH1 bool) (net.Conn, error) {
	conn, err := m.arrived(ctx, network, addr)
	if err == nil {
		return conn, nil
	}
	if m.NotIntercepted == UseTLS && (errors.Is(err, ErrNotIntercepted) || errors.Is(err, ErrNoRoute)) {
		m.warn("AWS is called with TLS past the mesh", err)
		return m.toServer(ctx, network, addr, onlyH1)
	}
	return nil, err
}

// warn logs a message once for each host.
func (m *mesh) warn(message string, err error) {
	var e *Error
	if !errors.As(err, &e) {
		return
	}
	if _, said := m.said.LoadOrStore([2]string{message, e.Host}, true); !said {
		m.Logger.Warn(message, "label", m.Label, "host", e.Host, "reason", e.Reason, "cure", e.Cure)
	}
}
