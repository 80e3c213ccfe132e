package inmesh_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
)

const listed = "sqs.eu-west-1.amazonaws.com"

// installed returns a client of w whose transport is in the mesh for listed.
func installed(t *testing.T, w *world, change func(*inmesh.Config, *http.Transport)) *http.Client {
	t.Helper()
	transport := w.transport()
	t.Cleanup(transport.CloseIdleConnections)
	config := inmesh.Config{
		InMesh: true, Hosts: []string{listed}, PodUID: podUID, ProxyPort: portOf(w.sidecar.Addr()), RouteWait: -1,
		Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&config, transport)
	}
	if err := config.Install(transport); err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: transport}
}

func started(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, serverTLS())
	t.Cleanup(w.close)
	return w
}

func TestPlaintextInTheMesh(t *testing.T) {
	w := started(t)
	w.intercepts, w.hasRoute = true, true
	client := installed(t, w, nil)
	for range 3 {
		if _, err := get(client, "https://"+listed+"/path"); err != nil {
			t.Fatal(err)
		}
	}
	got := w.at(w.sidecar)
	if n := strings.Count(got, "GET /path HTTP/1.1\r\nHost: "+listed+"\r\n"); n != 3 {
		t.Errorf("the sidecar got %d requests, want 3:\n%s", n, got)
	}
	if n := strings.Count(got, "HEAD / "); n != 1 {
		t.Errorf("the route was asked for %d times on one connection", n)
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		name                 string
		intercepts, hasRoute bool
		claim                string
		url                  string
		want                 error
		cure                 string
	}{
		{"no sidecar", false, true, "", "https://" + listed, inmesh.ErrNotIntercepted, "leave it to FromEnv"},
		{"no route", true, false, "", "https://" + listed, inmesh.ErrNoRoute, "VirtualService"},
		{"somebody else's route", true, false, "tls", "https://" + listed, inmesh.ErrNoRoute, "not that of a proxy of the mesh"},
		{"a sidecar that does not know its pod", true, false, "-", "https://" + listed, inmesh.ErrNoRoute, "is not set in istio-proxy"},
		{"plain HTTP", true, true, "", "http://" + listed, inmesh.ErrPlainHTTP, "DisableSSL"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := started(t)
			w.intercepts, w.hasRoute, w.claim = test.intercepts, test.hasRoute, test.claim
			_, err := get(installed(t, w, nil), test.url)
			var e *inmesh.Error
			if !errors.Is(err, test.want) || !errors.As(err, &e) || e.Host != listed || !strings.Contains(err.Error(), test.cure) {
				t.Fatalf("Get: %v, want %v with %q", err, test.want, test.cure)
			}
			if got := w.at(w.server); got != "" {
				t.Errorf("the server got %q", got)
			}
		})
	}
}

func TestFallbackToTLS(t *testing.T) {
	for _, intercepts := range []bool{false, true} {
		w := started(t)
		w.intercepts = intercepts
		client := installed(t, w, func(c *inmesh.Config, _ *http.Transport) { c.NotIntercepted = inmesh.UseTLS })
		if got, err := get(client, "https://"+listed); err != nil || !got.tls {
			t.Errorf("intercepts %v: answered %v, %v, want TLS", intercepts, got, err)
		}
	}
}

// The fallback of an http:// URL, which net/http speaks HTTP/1.1 to, does not offer HTTP/2.
func TestFallbackInHTTP1(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // connections that are not proven
	server.StartTLS()
	defer server.Close()
	client := installed(t, started(t), func(c *inmesh.Config, transport *http.Transport) {
		c.NotIntercepted, transport.ForceAttemptHTTP2 = inmesh.UseTLS, true
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
		}
	})
	for url, want := range map[string]string{"https://" + listed: "HTTP/2.0", "http://" + listed + ":443": "HTTP/1.1"} {
		if got, err := get(client, url); err != nil || got.proto != want {
			t.Errorf("GET %s: %v, %v, want %s", url, got, err, want)
		}
	}
}

// A route that arrives late is waited for.
func TestRouteArrives(t *testing.T) {
	w := started(t)
	w.intercepts = true
	client := installed(t, w, func(c *inmesh.Config, _ *http.Transport) { c.RouteWait = time.Minute })
	go func() {
		for w.at(w.sidecar) == "" {
			time.Sleep(time.Millisecond)
		}
		w.setRoute(true)
	}()
	if _, err := get(client, "https://"+listed); err != nil {
		t.Error(err)
	}
}

// Many who wait for a route ask as one, and that they wait is logged.
func TestOneAsksForAll(t *testing.T) {
	w := started(t)
	w.intercepts = true
	client, logged := patient(t, w)
	call := func(timeout time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+listed, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(r)
		if err == nil {
			_ = response.Body.Close()
		}
		return err
	}
	first := make(chan error)
	go func() { first <- call(time.Hour) }()
	if line := <-logged; !strings.Contains(line, listed) || !strings.Contains(line, "level=WARN") {
		t.Errorf("logged %q", line)
	}
	const calls = 100 // each gives up, but its dial goes on
	for range calls {
		if err := call(5 * time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call without a route: %v", err)
		}
	}
	if n := strings.Count(w.at(w.sidecar), "HEAD / "); n >= calls {
		t.Errorf("%d calls have asked %d times", calls, n)
	}
	w.setRoute(true)
	if err := errors.Join(<-first, call(time.Hour)); err != nil || len(logged) > 0 {
		t.Errorf("with the route: %v; logged %d more lines", err, len(logged))
	}
}

// Where the one who asks gives up, those who wait with it do not.
func TestAskerGivesUp(t *testing.T) {
	w := started(t)
	w.intercepts = true
	client, logged := patient(t, w)
	dial := func(ctx context.Context, done chan<- error) {
		conn, err := client.Transport.(*http.Transport).DialTLSContext(ctx, "tcp", listed+":443")
		if err == nil {
			_ = conn.Close()
		}
		done <- err
	}
	first, second := make(chan error, 1), make(chan error, 1)
	ctx, giveUp := context.WithCancel(t.Context())
	go dial(ctx, first)
	<-logged // it asks
	go dial(t.Context(), second)
	time.Sleep(50 * time.Millisecond) // the second waits
	giveUp()
	if err := <-first; !errors.Is(err, inmesh.ErrNoRoute) {
		t.Errorf("the first got %v", err)
	}
	w.setRoute(true)
	if err := <-second; err != nil {
		t.Errorf("the second got %v", err)
	}
}

// patient returns a client that waits for routes, and what it logs.
func patient(t *testing.T, w *world) (*http.Client, lines) {
	t.Helper()
	logged := make(lines, 100)
	return installed(t, w, func(c *inmesh.Config, _ *http.Transport) {
		c.RouteWait, c.Logger = time.Hour, slog.New(slog.NewTextHandler(logged, nil))
	}), logged
}

// lines has what is logged.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// The wait is over when it is, for all.
func TestRouteDoesNotArrive(t *testing.T) {
	w := started(t)
	w.intercepts = true
	client := installed(t, w, func(c *inmesh.Config, _ *http.Transport) { c.RouteWait = time.Second })
	errs := make(chan error)
	for range 20 {
		go func() {
			_, err := get(client, "https://"+listed)
			errs <- err
		}()
	}
	for range 20 {
		if err := <-errs; !errors.Is(err, inmesh.ErrNoRoute) {
			t.Errorf("%v, want %v", err, inmesh.ErrNoRoute)
		}
	}
}

// Without a UID there is no answer to know the sidecar by: nothing is asked, and nothing
// waited for.
func TestUnknownSidecar(t *testing.T) {
	w := started(t)
	w.intercepts, w.hasRoute = true, true
	client := installed(t, w, func(c *inmesh.Config, _ *http.Transport) { c.PodUID, c.RouteWait = "", time.Hour })
	_, err := get(client, "https://"+listed)
	var e *inmesh.Error
	if !errors.Is(err, inmesh.ErrNoRoute) || !errors.As(err, &e) || e.Temporary() || !strings.Contains(e.Cure, "aws-mesh/services") {
		t.Errorf("Get: %v, want %v for ever", err, inmesh.ErrNoRoute)
	}
	if got := w.at(w.sidecar); got != "" {
		t.Errorf("the sidecar got %q", got)
	}
}

// A connection that cannot be proven may be an accident of ports: it is dialled again,
// and nothing is sent on it.
func TestDialledAgain(t *testing.T) {
	for _, accidents := range []int{3, 4} {
		w := started(t)
		w.intercepts, w.hasRoute = true, true
		client := installed(t, w, func(_ *inmesh.Config, transport *http.Transport) {
			dial, n := transport.DialContext, 0
			transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if n++; n <= accidents {
					return (&net.Dialer{}).DialContext(ctx, network, w.server.Addr().String())
				}
				return dial(ctx, network, addr)
			}
		})
		_, err := get(client, "https://"+listed)
		if accidents == 3 && err != nil || accidents == 4 && !errors.Is(err, inmesh.ErrNotIntercepted) {
			t.Errorf("after %d accidents: %v", accidents, err)
		}
		if got := w.at(w.server); got != "" {
			t.Errorf("the server got %q", got)
		}
	}
}

func TestUpload(t *testing.T) {
	w := started(t)
	w.intercepts, w.hasRoute = true, true
	client := installed(t, w, nil)
	body := strings.Repeat("0123456789abcde\n", 100_000)
	for range 2 {
		response, err := client.Post("https://"+listed, "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	if n := strings.Count(w.at(w.sidecar), body); n != 2 {
		t.Errorf("the sidecar got %d bodies, want 2", n)
	}
}

// With TrustRoute nothing is asked, and the kernel's proof is still needed.
func TestTrustRoute(t *testing.T) {
	w := started(t)
	w.intercepts = true
	trust := func(c *inmesh.Config, _ *http.Transport) { c.TrustRoute = true }
	if _, err := get(installed(t, w, trust), "https://"+listed); err != nil {
		t.Error(err)
	}
	if got := w.at(w.sidecar); strings.Contains(got, "HEAD") {
		t.Errorf("the route was asked for: %q", got)
	}
	w.intercepts = false
	if _, err := get(installed(t, w, trust), "https://"+listed); !errors.Is(err, inmesh.ErrNotIntercepted) {
		t.Errorf("not intercepted: %v", err)
	}
}

// Everybody else's TLS is as it was: verified, with roots that are set later, HTTP/2,
// and the handshake's time-out.
func TestUnlistedHosts(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	server.StartTLS()
	defer server.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	if err := (inmesh.Config{InMesh: true, Hosts: []string{listed}}).Install(transport); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: transport}
	var unknown x509.UnknownAuthorityError
	if _, err := get(client, server.URL); !errors.As(err, &unknown) {
		t.Errorf("an untrusted server: %v", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	transport.TLSClientConfig.RootCAs = roots // as the SDK does for AWS_CA_BUNDLE
	if got, err := get(client, server.URL); err != nil || got != (answer{"HTTP/2.0", true}) {
		t.Errorf("answered %v, %v", got, err)
	}
}

func TestHandshakeTimeout(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	transport := &http.Transport{TLSHandshakeTimeout: 50 * time.Millisecond}
	if err := (inmesh.Config{InMesh: true, Hosts: []string{listed}}).Install(transport); err != nil {
		t.Fatal(err)
	}
	_, err = get(&http.Client{Transport: transport}, "https://"+silent.Addr().String())
	if err == nil || !strings.Contains(err.Error(), "deadline exceeded") {
		t.Errorf("a server that never answers the handshake: %v", err)
	}
}

// An HTTP proxy is for the hosts outside of the mesh.
func TestProxy(t *testing.T) {
	var asked []string
	transport := &http.Transport{Proxy: func(r *http.Request) (*url.URL, error) {
		asked = append(asked, r.URL.Host)
		return &url.URL{Scheme: "http", Host: "proxy:3128"}, nil
	}}
	if err := (inmesh.Config{InMesh: true, Hosts: []string{listed}}).Install(transport); err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]bool{
		"https://" + listed: false, "https://" + listed + ":443": false, "http://" + listed + ":443": false,
		"https://example.com": true, "http://example.com": true, "https://" + listed + ":8443": true,
	} {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		proxy, err := transport.Proxy(r)
		if err != nil || (proxy != nil) != want {
			t.Errorf("Proxy(%s) = %v, %v", target, proxy, err)
		}
	}
	for _, host := range []string{listed, "ｓqs.eu-west-1.amazonaws.com"} {
		if _, err := transport.Proxy(httptest.NewRequest(http.MethodGet, "http://"+host, nil)); !errors.Is(err, inmesh.ErrPlainHTTP) {
			t.Errorf("plain HTTP for a host of the mesh, %s: %v", host, err)
		}
	}
	if len(asked) != 3 {
		t.Errorf("the user's Proxy was asked for %q", asked)
	}
}

// A dialer of the transport's own goes on to make its TLS connections.
func TestOwnDialTLS(t *testing.T) {
	w := started(t)
	called := false
	client := installed(t, w, func(_ *inmesh.Config, transport *http.Transport) {
		dial := transport.DialContext
		transport.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			called = true
			conn, err := dial(ctx, network, addr)
			return tls.Client(conn, &tls.Config{InsecureSkipVerify: true}), err //nolint:gosec // the server is ours
		}
	})
	if _, err := get(client, "https://example.com"); err != nil || !called {
		t.Errorf("the transport's own DialTLSContext was called: %v; %v", called, err)
	}
}

// The old forms of dialers count as much as the new ones.
func TestOldDialers(t *testing.T) {
	w := started(t)
	w.intercepts, w.hasRoute = true, true
	plain, secure := 0, 0
	client := installed(t, w, func(_ *inmesh.Config, transport *http.Transport) {
		dial := transport.DialContext
		transport.DialContext = nil
		transport.Dial = func(network, addr string) (net.Conn, error) { //nolint:staticcheck // it is what is tested
			plain++
			return dial(context.Background(), network, addr)
		}
		transport.DialTLS = func(network, addr string) (net.Conn, error) { //nolint:staticcheck // it is what is tested
			secure++
			conn, err := dial(context.Background(), network, addr)
			return tls.Client(conn, &tls.Config{InsecureSkipVerify: true}), err //nolint:gosec // the server is ours
		}
	})
	for _, host := range []string{listed, "example.com"} {
		if _, err := get(client, "https://"+host); err != nil {
			t.Error(err)
		}
	}
	if plain != 1 || secure != 1 {
		t.Errorf("Dial was called %d times, DialTLS %d times, want 1 and 1", plain, secure)
	}
}

// A dialer that returns nothing at all is an error, as without us.
func TestDialersOfNothing(t *testing.T) {
	nothing := func(context.Context, string, string) (net.Conn, error) { return nil, nil }
	for name, change := range map[string]func(*http.Transport){
		"DialContext":    func(t *http.Transport) { t.DialContext = nothing },
		"DialTLSContext": func(t *http.Transport) { t.DialTLSContext = nothing },
		"Dial": func(t *http.Transport) {
			t.DialContext = nil
			t.Dial = func(string, string) (net.Conn, error) { return nil, nil } //nolint:staticcheck // it is what is tested
		},
	} {
		w := started(t)
		client := installed(t, w, func(c *inmesh.Config, transport *http.Transport) {
			c.NotIntercepted = inmesh.UseTLS
			change(transport)
		})
		for _, url := range []string{"https://" + listed, "http://" + listed + ":443", "https://example.com"} {
			if _, err := get(client, url); err == nil || !strings.Contains(err.Error(), "returned (nil, nil)") {
				t.Errorf("%s, GET %s: %v", name, url, err)
			}
		}
	}
}

// A transport may be in the mesh already: what it proved is proven.
func TestInstallTwice(t *testing.T) {
	w := started(t)
	w.intercepts, w.hasRoute = true, true
	client := installed(t, w, func(c *inmesh.Config, transport *http.Transport) {
		if err := c.Install(transport); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := get(client, "https://"+listed); err != nil {
		t.Error(err)
	}
	if n := strings.Count(w.at(w.sidecar), "HEAD / "); n != 1 {
		t.Errorf("the route was asked for %d times", n)
	}
}

// An answer is what is looked at of a response.
type answer struct {
	proto string
	tls   bool
}

func get(client *http.Client, url string) (answer, error) {
	response, err := client.Get(url)
	if err != nil {
		return answer{}, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return answer{response.Proto, response.TLS != nil}, errors.Join(err, response.Body.Close())
}
