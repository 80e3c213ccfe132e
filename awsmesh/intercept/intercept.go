// Package intercept asks the kernel whether a TCP connection ends at the sidecar of
// this pod.
//
// Istio redirects what an application sends to its sidecar's outbound port, within
// the pod's network namespace. Seen from the application the connection still goes to
// AWS; only the kernel knows better. [Check] asks it for the socket at the other end
// (NETLINK_SOCK_DIAG, which needs no privilege) and takes less than ten microseconds,
// so it can stand before the first byte of every connection.
//
// The answer proves a sidecar. It does not prove that the sidecar has a route for a
// host; package inmesh asks for that too.
//
// An ambient pod has no sidecar. Its connections are redirected to the same port within the
// pod's network namespace, where ztunnel has a socket; it is proven in the same way.
//
// # What does not prove a sidecar
//
// A listener on port 15001, the sidecar's health endpoint, SO_ORIGINAL_DST and
// "Expect: 100-continue" say nothing about this connection: redirect rules can be
// missing, exclude the address, or change under way.
package intercept

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// ProxyPort is the port to which Istio redirects outbound connections.
const ProxyPort = 15001

// ErrUnsupported means that the kernel cannot be asked: not Linux, or netlink is
// denied (seccomp, gVisor). Nothing is known of the connection then.
var ErrUnsupported = errors.New("the kernel does not tell where connections end")

// ErrClosed means that the connection ended at the sidecar, which has closed it: so it
// does at once, under REGISTRY_ONLY, with what it has no route for.
var ErrClosed = errors.New("the sidecar closed the connection at once")

// Check returns nil if conn ends at a socket of this network namespace that was
// accepted on the loopback address and proxyPort: at the sidecar. Otherwise the error
// says where the connection goes, or is an [ErrClosed] or an [ErrUnsupported].
//
// Nothing is sent on conn, and nothing may have been: connections to different places
// may share a port, and that they are new is what tells them apart. Two that are new at
// the same moment cannot be. Where the kernel had to change the port of a redirected
// connection, because an older one has it, the error says that it goes straight: a
// connection of another port may be proven.
//
// Only a [*net.TCPConn] can be proven: another type may stand for anything.
func Check(conn net.Conn, proxyPort uint16) error {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return fmt.Errorf("the connection is a %T, of which the kernel knows nothing", conn)
	}
	local, ok := tcp.LocalAddr().(*net.TCPAddr)
	if !ok {
		return fmt.Errorf("the connection has no TCP address, but %v", tcp.LocalAddr())
	}
	ours := local.AddrPort()
	return check(netip.AddrPortFrom(ours.Addr().Unmap().WithZone(""), ours.Port()), proxyPort, tcp.RemoteAddr())
}

func check(ours netip.AddrPort, proxyPort uint16, remote net.Addr) error {
	proxy := netip.AddrPortFrom(loopback(ours.Addr()), proxyPort)
	// The last step of the handshake may still be on its way through the loopback.
	for range 20 {
		state, err := lookUp(proxy, ours)
		switch {
		case err != nil:
			return err
		case state == established:
			return nil
		case state == closed:
			return ErrClosed
		case state == used:
			return fmt.Errorf("the connection goes straight to %v: what ends at the sidecar at %v is an older one from the same port", remote, proxy)
		case state != handshake:
			return fmt.Errorf("the connection goes straight to %v, not to a sidecar at %v", remote, proxy)
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("the sidecar at %v does not accept the connection", proxy)
}

// A state is what the kernel says of the socket between two addresses.
type state int

const (
	absent state = iota
	handshake
	established
	used   // established, but bytes have come over it
	closed // by the sidecar
)

func loopback(family netip.Addr) netip.Addr {
	if family.Is4() {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.IPv6Loopback()
}
