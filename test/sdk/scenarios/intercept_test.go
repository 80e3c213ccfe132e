package scenarios

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/awsmesh/intercept"
	"github.com/aws-mesh/aws-mesh/test/sdk/pod"
	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

// A census is of connections: to an address that Istio redirects, and to one that it
// does not.
type census struct {
	Redirected, Direct netip.AddrPort
	Each               int
}

// A verdict is what package intercept said of them.
type verdict struct {
	Proven, Refused int
	Shared          int // direct ones that are proven by a redirected one of the same port, as new as they are
	Wrong           []string
}

// A sample is one connection, from before it was made until after it was closed.
type sample struct {
	to, local  string
	redirected bool
	from, till time.Time
	err        error // of Check
}

// checkConnections makes connections of both kinds, from several goroutines, and asks
// about each.
func checkConnections(ctx context.Context, c census) (verdict, error) {
	samples, failed := make([][]sample, workers), make([]error, workers)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			for range c.Each / workers {
				one, err1 := checkConnection(ctx, c.Redirected.String(), true)
				two, err2 := checkConnection(ctx, c.Direct.String(), false)
				samples[i] = append(samples[i], one, two)
				failed[i] = errors.Join(failed[i], err1, err2)
			}
		})
	}
	wg.Wait()
	return judge(slices.Concat(samples...)), errors.Join(failed...)
}

func checkConnection(ctx context.Context, to string, redirected bool) (sample, error) {
	s := sample{to: to, redirected: redirected, from: time.Now()}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", to)
	if err != nil {
		return s, err
	}
	s.local, s.err = conn.LocalAddr().String(), intercept.Check(conn, intercept.ProxyPort)
	err = conn.Close()
	s.till = time.Now()
	return s, err
}

func judge(samples []sample) (v verdict) {
	redirected := map[string][]sample{}
	for _, s := range samples {
		if s.redirected {
			redirected[s.local] = append(redirected[s.local], s)
		}
	}
	for _, s := range samples {
		shares := func(other sample) bool { return s.from.Before(other.till) && other.from.Before(s.till) }
		switch {
		case s.redirected && s.err == nil:
			v.Proven++
		case !s.redirected && s.err != nil && !errors.Is(s.err, intercept.ErrUnsupported):
			v.Refused++
		case !s.redirected && s.err == nil && slices.ContainsFunc(redirected[s.local], shares):
			v.Shared++
		default:
			v.Wrong = append(v.Wrong, fmt.Sprintf("%s to %s: %v", s.local, s.to, s.err))
		}
	}
	return v
}

// TestIntercept demands no wrong answer about 2,000 connections that are redirected and
// 2,000 that are not, among each other, over IPv4 and IPv6; but for what [intercept.Check]
// cannot tell apart, and the question about the route then does.
func TestIntercept(t *testing.T) {
	t.Parallel()
	s := stage.Start(t, stage.Config{Annotations: stage.Services("dynamodb")})
	for _, family := range []struct{ redirected, direct netip.Addr }{{pod.AWS4, pod.IMDS4}, {pod.AWS6, pod.IMDS6}} {
		const each = 2000
		v := stage.Run[verdict](t, s.Pod, "intercept", s.Env(t), census{
			Redirected: netip.AddrPortFrom(family.redirected, 443), Direct: netip.AddrPortFrom(family.direct, 80), Each: each,
		})
		t.Logf("%s and %s: %d proven, %d refused, %d shared a port", family.redirected, family.direct, v.Proven, v.Refused, v.Shared)
		if v.Proven != each || v.Refused+v.Shared != each || v.Shared > each/100 {
			t.Errorf("want %d each; wrong: %q", each, v.Wrong)
		}
	}
}
