package inmesh

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/intercept"
)

// redials is how often a connection that is not proven is dialled again. Where two
// redirected connections have the same port here, the kernel gives one of them another,
// and Check cannot find it.
const redials = 3

// proven dials addr and returns the connection if plaintext may be sent on it.
func (m *mesh) proven(ctx context.Context, network, addr string) (net.Conn, error) {
	for again := redials; ; again-- {
		conn, err := m.once(ctx, network, addr)
		if again == 0 || !errors.Is(err, ErrNotIntercepted) || errors.Is(err, intercept.ErrUnsupported) {
			return conn, err
		}
	}
}

func (m *mesh) once(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(addr)
	conn, err := m.direct(ctx, network, addr)
	if err != nil {
		return nil, m.notUp(host, err)
	}
	if _, already := conn.(*toSidecar); already { // by a mesh below this one
		return conn, nil
	}
	if err := m.prove(ctx, conn, host); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return &toSidecar{conn.(*net.TCPConn), &m.buffers}, nil
}

func (m *mesh) prove(ctx context.Context, conn net.Conn, host string) error {
	switch err := intercept.Check(conn, m.ProxyPort); {
	case err == nil:
	case errors.Is(err, intercept.ErrClosed) && m.TrustRoute:
		return &Error{Host: host, Kind: ErrBlocked, Reason: err.Error(), Err: err, Cure: m.blockedCure(host)}
	case errors.Is(err, intercept.ErrClosed):
		return noRoute(host, err)
	default:
		e := notIntercepted(host, err)
		if errors.Is(err, intercept.ErrUnsupported) {
			m.warn("plaintext to a sidecar is not possible here", e)
		}
		return e
	}
	if err := intercept.Confine(conn); err != nil {
		return notIntercepted(host, err)
	}
	if m.TrustRoute {
		return nil
	}
	if m.PodUID == "" && !atWaypoint(conn) {
		return unknownSidecar(host)
	}
	if err := m.askRoute(ctx, conn, host); err != nil {
		return noRoute(host, err)
	}
	return nil
}

// routeTimeout is how long the sidecar may take to answer about its route. It answers
// by itself, so this is for one that is starved; without a route, AWS answers.
const routeTimeout = 5 * time.Second

// askRoute asks the sidecar at the other end of conn whether it originates TLS for
// host. The question goes to AWS if it does not, so it is an empty one.
func (m *mesh) askRoute(ctx context.Context, conn net.Conn, host string) error {
	_ = conn.SetDeadline(time.Now().Add(routeTimeout))
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	question := "HEAD / HTTP/1.1\r\nHost: " + host + "\r\n" + awsmesh.RouteHeader + ": " + awsmesh.RouteAsk + "\r\n\r\n"
	if _, err := io.WriteString(conn, question); err != nil {
		return err
	}
	r := bufio.NewReaderSize(io.LimitReader(conn, 16<<10), 1<<10)
	response, err := http.ReadResponse(r, &http.Request{Method: http.MethodHead}) //nolint:bodyclose // has none
	if err != nil {
		return fmt.Errorf("no answer about the route: %w", err)
	}
	if err := m.answered(response); err != nil {
		return err
	}
	if r.Buffered() > 0 || response.Close {
		return errors.New("the sidecar does not keep the connection")
	}
	if !stop() {
		return ctx.Err()
	}
	return conn.SetDeadline(time.Time{})
}

// unset is what Envoy puts in the place of a variable that it does not have.
const unset = "-"

// answered reports what is wrong with an answer about the route. Under ALLOW_ANY it may
// be anybody's: the sidecar is known by the UID of its pod, which nobody outside knows,
// and a waypoint by the address.
func (m *mesh) answered(response *http.Response) error {
	switch answer := response.Header.Get(awsmesh.RouteHeader); {
	case response.StatusCode != http.StatusNoContent || answer == "":
		return fmt.Errorf("the question about the route was answered with %q", response.Status)
	case answer == unset && m.PodUID != "":
		return errors.New("the sidecar answers about its route, but does not name the pod: " + awsmesh.EnvPodUID + " is not set in istio-proxy")
	case answer != cmp.Or(m.PodUID, awsmesh.RouteOfWaypoint):
		return errors.New("the answer about the route is not that of a proxy of the mesh")
	}
	return nil
}

// atWaypoint reports whether conn leads to a waypoint, or nowhere.
func atWaypoint(conn net.Conn) bool {
	addr, ok := conn.RemoteAddr().(*net.TCPAddr)
	return ok && awsmesh.Allocated(addr.AddrPort().Addr())
}
