package intercept

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// From linux/sock_diag.h, linux/inet_diag.h and linux/tcp_states.h.
const (
	netlinkSockDiag  = 4
	sockDiagByFamily = 20
	tcpEstablished   = 1
	tcpSynRecv       = 3

	headerSize  = syscall.NLMSG_HDRLEN
	requestSize = headerSize + 8 + idSize // struct inet_diag_req_v2
	idSize      = 48                      // struct inet_diag_sockid
	minReply    = headerSize + 4 + idSize
)

// Listening reports whether something in this network namespace listens on the
// loopback address and port: whether this pod has a sidecar at all. It says nothing
// of any connection.
func Listening(port uint16) bool {
	for _, family := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		reply, err := ask(netip.AddrPortFrom(loopback(family), port), netip.AddrPortFrom(family, 0))
		if err == nil && len(reply) >= minReply {
			return true
		}
	}
	return false
}

// lookUp asks for the socket at local whose peer is peer. Where there is none, the
// kernel answers with a listening socket if it has one: the peer must be looked at.
func lookUp(local, peer netip.AddrPort) (state, error) {
	reply, err := ask(local, peer)
	if errors.Is(err, syscall.ENOENT) {
		return absent, nil
	}
	if err != nil {
		return absent, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	if len(reply) < minReply {
		return absent, fmt.Errorf("%w: an answer of %d bytes", ErrUnsupported, len(reply))
	}
	message := reply[headerSize:]
	want := make([]byte, 0, idSize)
	if want = appendID(want, local, peer); string(message[4:4+addressesSize]) != string(want[:addressesSize]) {
		return absent, nil
	}
	switch message[1] {
	case tcpEstablished:
		return established, nil
	case tcpSynRecv:
		return handshake, nil
	default:
		return absent, nil
	}
}

// ask returns the kernel's answer about one TCP socket. The kernel answers before
// the request's system call returns, so there is nothing to wait for.
func ask(local, peer netip.AddrPort) ([]byte, error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, netlinkSockDiag)
	if err != nil {
		return nil, err
	}
	defer func() { _ = syscall.Close(fd) }()
	if err := syscall.Sendto(fd, request(local, peer), 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return nil, err
	}
	buffer := make([]byte, 512)
	n, _, err := syscall.Recvfrom(fd, buffer, syscall.MSG_DONTWAIT)
	if err != nil {
		return nil, err
	}
	return buffer[:n], answerError(buffer[:n])
}

func answerError(reply []byte) error {
	if len(reply) < headerSize+4 {
		return syscall.EBADMSG
	}
	switch kind := binary.NativeEndian.Uint16(reply[4:]); kind {
	case sockDiagByFamily:
		return nil
	case syscall.NLMSG_ERROR:
		return syscall.Errno(-int32(binary.NativeEndian.Uint32(reply[headerSize:]))) //nolint:gosec // errno is small
	default:
		return syscall.EBADMSG
	}
}

func request(local, peer netip.AddrPort) []byte {
	b := make([]byte, 0, requestSize)
	b = binary.NativeEndian.AppendUint32(b, requestSize)
	b = binary.NativeEndian.AppendUint16(b, sockDiagByFamily)
	b = binary.NativeEndian.AppendUint16(b, syscall.NLM_F_REQUEST)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0) // sequence, port id
	family := byte(syscall.AF_INET6)
	if local.Addr().Is4() {
		family = syscall.AF_INET
	}
	b = append(b, family, syscall.IPPROTO_TCP, 0, 0)
	b = binary.NativeEndian.AppendUint32(b, ^uint32(0)) // any state
	return appendID(b, local, peer)
}

const addressesSize = 2 + 2 + 16 + 16

// appendID appends a struct inet_diag_sockid for any interface and without a cookie.
func appendID(b []byte, local, peer netip.AddrPort) []byte {
	b = binary.BigEndian.AppendUint16(b, local.Port())
	b = binary.BigEndian.AppendUint16(b, peer.Port())
	b = appendAddr(b, local.Addr())
	b = appendAddr(b, peer.Addr())
	b = append(b, 0, 0, 0, 0)
	return append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
}

// appendAddr fills 16 bytes; an IPv4 address takes the first four.
func appendAddr(b []byte, a netip.Addr) []byte {
	raw := a.AsSlice()
	b = append(b, raw...)
	return append(b, make([]byte, 16-len(raw))...)
}
