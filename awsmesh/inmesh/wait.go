package inmesh

import (
	"context"
	"errors"
	"net"
	"time"
)

// A wait is for a route that may still be on its way.
type wait struct {
	over chan struct{}
	err  error // what it ended with
}

// arrived returns a proven connection to addr, and waits for its route as long as
// RouteWait says. Of all who wait for one address one asks: net/http goes on to dial for
// requests that have given up, so there may be many.
func (m *mesh) arrived(ctx context.Context, network, addr string) (net.Conn, error) {
	for {
		if err := m.join(ctx, addr); err != nil {
			return nil, err
		}
		conn, err := m.proven(ctx, network, addr)
		if !m.mayArrive(err) {
			return conn, err
		}
		mine := &wait{over: make(chan struct{})}
		if _, others := m.waits.LoadOrStore(addr, mine); others {
			continue
		}
		m.warn("calls wait for a route that may be on its way to the sidecar", err)
		conn, err = m.ask(ctx, network, addr, err)
		if ctx.Err() == nil { // else another goes on
			mine.err = err
		}
		m.waits.Delete(addr)
		close(mine.over)
		return conn, err
	}
}

// join waits with somebody who waits for the route of addr, if somebody does.
func (m *mesh) join(ctx context.Context, addr string) error {
	waiting, ok := m.waits.Load(addr)
	if !ok {
		return nil
	}
	w := waiting.(*wait)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.over:
		return w.err
	}
}

// routeInterval is the time between two questions about a route that is on its way.
const routeInterval = 200 * time.Millisecond

// ask asks again and again, after err, until there is a route or no hope of one.
func (m *mesh) ask(ctx context.Context, network, addr string, err error) (conn net.Conn, _ error) {
	for m.mayArrive(err) {
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(routeInterval):
		}
		conn, err = m.proven(ctx, network, addr)
	}
	return conn, err
}

// mayArrive reports whether err is of a route that may still be on its way.
func (m *mesh) mayArrive(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && errors.Is(e.Kind, ErrNoRoute) && e.Temporary() && time.Since(m.since) < m.RouteWait
}
