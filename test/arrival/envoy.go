//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/test/node"
)

// An envoy is a pod's, asked from within the pod's network. Whoever is not the sidecar's
// user is redirected to it, as an application is.
type envoy struct {
	network *os.File
	hosts   []string
}

func newEnvoy(uid string, hosts []string) (*envoy, error) {
	pid, err := node.Process(uid, "envoy")
	if err != nil {
		return nil, err
	}
	e := &envoy{}
	for _, host := range hosts {
		e.hosts = append(e.hosts, strings.Replace(host, "*", "orders", 1))
	}
	e.network, err = os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
	return e, err
}

// until asks for the routes of all hosts until they can be used or, if there are to be
// none, are gone, and returns when that was.
func (e *envoy) until(ctx context.Context, usable bool) (when time.Time, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the runtime ends the thread
		if err = unix.Setns(int(e.network.Fd()), unix.CLONE_NEWNET); err != nil {
			return
		}
		for _, host := range e.hosts {
			for ask(ctx, host) != usable {
				if err = ctx.Err(); err != nil {
					err = errors.Join(err, fmt.Errorf("the route of %s: usable is not %t", host, usable))
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		}
		when = time.Now()
	}()
	<-done
	return when, err
}

// ask asks on a new connection, as an application does.
func ask(ctx context.Context, host string) bool {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", "198.51.100.10:443")
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := fmt.Fprintf(conn, "HEAD / HTTP/1.1\r\nHost: %s\r\n%s: %s\r\n\r\n", host, awsmesh.RouteHeader, awsmesh.RouteAsk); err != nil {
		return false
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodHead}) //nolint:bodyclose // has none
	return err == nil && response.StatusCode == http.StatusNoContent && response.Header.Get(awsmesh.RouteHeader) != ""
}
