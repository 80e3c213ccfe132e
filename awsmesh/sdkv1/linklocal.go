package sdkv1

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// imdsTimeout is what the SDK gives IMDS for a request, if the HTTP client is its own.
// A mesh needs it: a sidecar accepts connections also for an IMDS that is not there.
// The agents of ECS and EKS get no limit from the SDK, since they may have to ask AWS.
const imdsTimeout = time.Second

type dialFunc = func(ctx context.Context, network, addr string) (net.Conn, error)

// promptDial limits the time for IMDS.
func promptDial(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if host, _, err := net.SplitHostPort(addr); err != nil || !isIMDS(host) {
			return dial(ctx, network, addr)
		}
		ctx, cancel := context.WithTimeout(ctx, imdsTimeout)
		defer cancel()
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return promptConn{conn}, nil
	}
}

// A promptConn fails if a request has no answer in time.
type promptConn struct{ net.Conn }

func (c promptConn) Write(b []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(imdsTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// pastLinkLocal sends nothing for a link-local address to an HTTP proxy, unlike
// [http.ProxyFromEnvironment]: there it would be another machine's address.
func pastLinkLocal(proxy func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		if _, local := awsmesh.LinkLocal(r.URL.Hostname()); local || proxy == nil {
			return nil, nil
		}
		return proxy(r)
	}
}

func isIMDS(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.Unmap() == netip.AddrFrom4([4]byte{169, 254, 169, 254}) ||
		ip == netip.AddrFrom16([16]byte{0xfd, 0x00, 0x0e, 0xc2, 14: 0x02, 15: 0x54}))
}
