package install_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A balancer does what kube-proxy does for a Service: new connections go to ready
// replicas in turn, and those that exist stay where they are. It learns of readiness
// as late as a cluster's endpoints do.
type balancer struct {
	listener net.Listener
	mu       sync.Mutex
	replicas []*replica
	ready    []*replica
	turn     int
}

const endpointsDelay = 200 * time.Millisecond

func newBalancer() (*balancer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &balancer{listener: l}
	go b.accept()
	go b.follow()
	return b, nil
}

func (b *balancer) addr() string { return b.listener.Addr().String() }
func (b *balancer) close()       { _ = b.listener.Close() }

func (b *balancer) add(r *replica) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.replicas = append(b.replicas, r)
}

// remove takes r out as the end of its pod would.
func (b *balancer) remove(r *replica) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.replicas = slices.DeleteFunc(b.replicas, func(o *replica) bool { return o == r })
	b.ready = slices.DeleteFunc(slices.Clone(b.ready), func(o *replica) bool { return o == r })
}

// follow keeps the list of ready replicas.
func (b *balancer) follow() {
	for ; ; time.Sleep(endpointsDelay) {
		b.mu.Lock()
		replicas := slices.Clone(b.replicas)
		b.mu.Unlock()
		ready := slices.DeleteFunc(replicas, func(r *replica) bool { return !r.takes() })
		b.mu.Lock()
		b.ready = slices.DeleteFunc(ready, func(r *replica) bool { return !slices.Contains(b.replicas, r) })
		b.mu.Unlock()
	}
}

// takes reports whether r is ready for new connections. If not, its log says why.
func (r *replica) takes() bool {
	err := r.readyz()
	if err != nil {
		_, _ = fmt.Fprintln(r.log, time.Now().UTC().Format(time.RFC3339Nano), "no new connections:", err)
	}
	return err == nil
}

// knows reports why no new connection goes to r.
func (b *balancer) knows(r *replica) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.ready, r) {
		return errors.New("it is not known to be ready")
	}
	return nil
}

func (b *balancer) next() (*replica, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ready) == 0 {
		return nil, errors.New("no endpoints")
	}
	b.turn++
	return b.ready[b.turn%len(b.ready)], nil
}

func (b *balancer) accept() {
	for {
		conn, err := b.listener.Accept()
		if err != nil {
			return
		}
		go b.forward(conn)
	}
}

func (b *balancer) forward(client net.Conn) {
	defer client.Close()
	r, err := b.next()
	if err != nil {
		return
	}
	server, err := net.Dial("tcp", r.addr)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(client, server)
}

// health gives a replica as long as the kubelet does: 3 probes, 2 s apart.
var health = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
