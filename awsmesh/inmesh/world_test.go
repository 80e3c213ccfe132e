package inmesh_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
)

// podUID is the answer of the sidecar's route.
const podUID = "6c1c7ab6-8f0e-4a5e-9a3f-0b1a6a0d6f0e"

// A world has a sidecar and a server, and a network that takes every connection to
// one of them.
type world struct {
	intercepts, hasRoute bool
	claim                string // what somebody answers about the route where there is none
	sidecar, server      net.Listener

	mu   sync.Mutex
	seen map[net.Listener]*bytes.Buffer // what came in plaintext
	tls  *tls.Config
	wg   sync.WaitGroup
}

func newWorld(t *testing.T, certificate *tls.Config) *world {
	w := &world{seen: map[net.Listener]*bytes.Buffer{}, tls: certificate}
	for _, l := range []*net.Listener{&w.sidecar, &w.server} {
		var err error
		if *l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		w.seen[*l] = &bytes.Buffer{}
		w.wg.Go(func() { w.serve(*l) })
	}
	return w
}

func (w *world) close() {
	_, _ = w.sidecar.Close(), w.server.Close()
	w.wg.Wait()
}

func (w *world) at(l net.Listener) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[l].String()
}

// serve answers plaintext and TLS alike, and notes what came in plaintext.
func (w *world) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		w.wg.Go(func() {
			defer func() { _ = conn.Close() }()
			first := make([]byte, 1)
			if _, err := io.ReadFull(conn, first); err != nil {
				return
			}
			again := &replayed{conn, io.MultiReader(bytes.NewReader(first), conn)}
			if first[0] == 0x16 {
				w.answer(tls.Server(again, w.tls), nil)
				return
			}
			w.answer(again, l)
		})
	}
}

func (w *world) answer(conn io.ReadWriter, noted net.Listener) {
	r := bufio.NewReader(io.TeeReader(conn, noter{w, noted}))
	for {
		request, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, request.Body)
		answer := "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		if noted == w.sidecar && request.Header.Get(awsmesh.RouteHeader) == awsmesh.RouteAsk {
			claim := w.claim
			if w.routed() {
				claim = podUID
			}
			answer = "HTTP/1.1 204 No Content\r\n" + awsmesh.RouteHeader + ": " + claim + "\r\n\r\n"
		}
		_, _ = io.WriteString(conn, answer)
	}
}

func (w *world) setRoute(has bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hasRoute = has
}

func (w *world) routed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hasRoute
}

// A noter notes what came in plaintext.
type noter struct {
	w *world
	l net.Listener
}

func (n noter) Write(b []byte) (int, error) {
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	if n.l != nil {
		_, _ = n.w.seen[n.l].Write(b)
	}
	return len(b), nil
}

// transport returns one for which every address is the sidecar's or the server's.
func (w *world) transport() *http.Transport {
	return &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the server is ours
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			to := w.server
			if w.intercepts {
				to = w.sidecar
			}
			return (&net.Dialer{}).DialContext(ctx, network, to.Addr().String())
		},
	}
}

func (w *world) send(config inmesh.Config, url string, change func(*http.Request)) (answered bool) {
	transport := w.transport()
	defer transport.CloseIdleConnections()
	if err := config.Install(transport); err != nil {
		return false
	}
	request, _ := http.NewRequestWithContext(context.Background(), http.MethodPut, url, strings.NewReader(secret))
	request.Header.Set("Authorization", secret)
	change(request)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return true
}

type replayed struct {
	net.Conn
	r io.Reader
}

func (r *replayed) Read(b []byte) (int, error) { return r.r.Read(b) }

func serverTLS() *tls.Config {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	return s.TLS
}
