package intercept

import (
	"fmt"
	"net"
	"syscall"
)

// Confine sees to it that nothing that is sent on conn goes further than this node:
// to the sidecar it is no hop at all. So what is sent after the redirect rules and the
// kernel's memory of the connection are gone is dropped by the first router.
func Confine(conn net.Conn) error {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return fmt.Errorf("a %T cannot be kept on this node", conn)
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	level, option := syscall.IPPROTO_IPV6, syscall.IPV6_UNICAST_HOPS
	if local, ok := tcp.LocalAddr().(*net.TCPAddr); ok && local.IP.To4() != nil {
		level, option = syscall.IPPROTO_IP, syscall.IP_TTL
	}
	var set error
	if err := raw.Control(func(fd uintptr) {
		set = syscall.SetsockoptInt(int(fd), level, option, 1) //nolint:gosec // a descriptor
	}); err != nil {
		return err
	}
	return set
}
