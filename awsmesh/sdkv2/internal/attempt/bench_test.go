package attempt_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2/internal/standin"
)

// A request through the mesh costs the application no more allocations than the plain
// SDK with TLS, but for one.
func TestAllocations(t *testing.T) {
	plain, mesh := rawClient(t, false), rawClient(t, true)
	allocations := func(c *sts.Client) float64 {
		return testing.AllocsPerRun(300, func() { call(t, c) })
	}
	was, is := allocations(plain), allocations(mesh)
	t.Logf("allocations per request: plain SDK %v, mesh %v", was, is)
	if is > was+1 {
		t.Errorf("%v allocations per request, the plain SDK has %v", is, was)
	}
}

func BenchmarkPlainTLS(b *testing.B) { benchmark(b, false) }
func BenchmarkMesh(b *testing.B)     { benchmark(b, true) }

func benchmark(b *testing.B, mesh bool) {
	client := rawClient(b, mesh)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.GetCallerIdentity(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// rawClient returns a client of servers that allocate nothing per request.
func rawClient(t testing.TB, mesh bool) *sts.Client {
	w := standin.New(t, nil)
	w.Sidecar, w.AWS = listen(t, nil), listen(t, &tls.Config{Certificates: w.Certificates, MinVersion: tls.VersionTLS12})
	config := inmesh.Config{}
	if mesh {
		config = w.Config(host)
	} else {
		w.Intercepts.Store(false)
	}
	client := newClient(t, w, config)
	if !mesh {
		client = newClient(t, w, config, func(o *sts.Options) { o.APIOptions = nil })
	}
	if _, err := client.GetCallerIdentity(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	return client
}

func listen(t testing.TB, config *tls.Config) net.Addr {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if config != nil {
				conn = tls.Server(conn, config)
			}
			go answerRaw(conn)
		}
	}()
	return l.Addr()
}

func answerRaw(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	var body bytes.Buffer
	recorder := &recorded{header: http.Header{}, body: &body}
	identity(recorder, nil)
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nX-Amzn-Requestid: 1\r\nContent-Length: %d\r\n\r\n%s", body.Len(), body.Bytes())
	route := []byte("HTTP/1.1 204 No Content\r\n" + awsmesh.RouteHeader + ": " + standin.PodUID + "\r\n\r\n")
	buffer, n := make([]byte, 16<<10), 0
	for {
		m, err := conn.Read(buffer[n:])
		if err != nil {
			return
		}
		switch n += m; {
		case bytes.HasSuffix(buffer[:n], []byte("Version=2011-06-15")): // the end of STS's body
			_, _ = conn.Write(answer)
			n = 0
		case bytes.HasPrefix(buffer[:n], []byte("HEAD ")) && bytes.HasSuffix(buffer[:n], []byte("\r\n\r\n")):
			_, _ = conn.Write(route)
			n = 0
		}
	}
}

type recorded struct {
	header http.Header
	body   *bytes.Buffer
}

func (r *recorded) Header() http.Header         { return r.header }
func (r *recorded) Write(b []byte) (int, error) { return r.body.Write(b) }
func (r *recorded) WriteHeader(int)             {}
