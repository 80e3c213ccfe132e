package features

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/pod"
	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

// A proxy makes tunnels (CONNECT) to the stand-in for AWS.
type proxy struct {
	outside *pod.Machine

	mu   sync.Mutex
	seen []string
}

func newProxy(t *testing.T, s *stage.Stage) *proxy {
	t.Helper()
	p := &proxy{outside: s.Outside}
	server := &http.Server{Handler: p}
	l, err := s.Outside.Listen("tcp", fmt.Sprintf(":%d", proxyPort))
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return p
}

func (p *proxy) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = nil
}

func (p *proxy) tunnels() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.seen = append(p.seen, r.Host)
	p.mu.Unlock()
	server, err := p.outside.DialContext(r.Context(), "tcp", netip.AddrPortFrom(pod.AWS4, 443).String())
	if err != nil || r.Method != http.MethodConnect {
		http.Error(w, "only tunnels to AWS", http.StatusBadGateway)
		return
	}
	defer server.Close()
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
	_, _ = io.Copy(client, server)
}

// ownAuthority is one more AWS, on the port of ownQueue, whose certificates are of an
// authority that no machine trusts.
func ownAuthority(t *testing.T, s *stage.Stage) *aws.Server {
	t.Helper()
	server, err := aws.New(aws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.Outside.Listen("tcp", fmt.Sprintf(":%d", ownPort))
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}
