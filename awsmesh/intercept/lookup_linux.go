package intercept

import (
	"bytes"
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
	tcpFinWait1      = 4
	tcpFinWait2      = 5
	tcpTimeWait      = 6
	tcpClosing       = 11

	headerSize  = syscall.NLMSG_HDRLEN
	requestSize = headerSize + 8 + idSize  // struct inet_diag_req_v2
	idSize      = 48                       // struct inet_diag_sockid
	minReply    = headerSize + 24 + idSize // struct inet_diag_msg
	replySize   = 1024                     // more than the kernel says of one socket

	infoAttribute     = 2   // INET_DIAG_INFO: struct tcp_info
	infoBytesReceived = 128 // offset of tcpi_bytes_received

	addressesSize = 2 + 2 + 16 + 16 // of struct inet_diag_sockid
)

// Listening reports whether something in this network namespace listens on the
// loopback address and port: whether this pod has a sidecar at all. It says nothing
// of any connection.
func Listening(port uint16) bool {
	for _, family := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		var buffer [replySize]byte
		reply, err := ask(buffer[:], netip.AddrPortFrom(loopback(family), port), netip.AddrPortFrom(family, 0))
		if err == nil && len(reply) >= minReply {
			return true
		}
	}
	return false
}

// lookUp asks for the socket at local whose peer is peer. Where there is none, the
// kernel answers with a listening socket if it has one: the peer must be looked at.
func lookUp(local, peer netip.AddrPort) (state, error) {
	var buffer [replySize]byte
	reply, err := ask(buffer[:], local, peer)
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
	if !isBetween(message, local, peer) {
		return absent, nil
	}
	switch message[1] {
	case tcpEstablished:
		return usedOrNot(reply[minReply:])
	case tcpSynRecv:
		return handshake, nil
	case tcpFinWait1, tcpFinWait2, tcpTimeWait, tcpClosing:
		return closed, nil
	default:
		return absent, nil
	}
}

// isBetween reports whether message is of the socket between two addresses. A listener
// for both families has IPv4's connections in sockets of IPv6, with mapped addresses.
func isBetween(message []byte, local, peer netip.AddrPort) bool {
	if message[0] == syscall.AF_INET6 {
		local, peer = mapped(local), mapped(peer)
	}
	want := addresses(local, peer)
	return bytes.Equal(message[4:4+addressesSize], want[:])
}

func mapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(a.Addr().As16()), a.Port())
}

// usedOrNot looks, among the attributes of an established socket, for what it has
// received.
func usedOrNot(attributes []byte) (state, error) {
	for len(attributes) >= 4 {
		size := int(binary.NativeEndian.Uint16(attributes))
		if size < 4 || size > len(attributes) {
			break
		}
		if kind := binary.NativeEndian.Uint16(attributes[2:]); kind == infoAttribute && size >= 4+infoBytesReceived+8 {
			if binary.NativeEndian.Uint64(attributes[4+infoBytesReceived:]) > 0 {
				return used, nil
			}
			return established, nil
		}
		attributes = attributes[min((size+3)&^3, len(attributes)):]
	}
	return absent, fmt.Errorf("%w: nothing is said of the bytes received", ErrUnsupported)
}

// ask returns the kernel's answer about one TCP socket, in buffer. The kernel answers
// before the request's system call returns, so there is nothing to wait for. A socket
// for each question is the larger part of its price; one that is kept would go on to
// answer for the network namespace in which it was made.
func ask(buffer []byte, local, peer netip.AddrPort) ([]byte, error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, netlinkSockDiag)
	if err != nil {
		return nil, err
	}
	defer func() { _ = syscall.Close(fd) }()
	question := request(local, peer)
	if _, err := syscall.Write(fd, question[:]); err != nil {
		return nil, err
	}
	n, err := syscall.Read(fd, buffer)
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

// request returns a message of struct nlmsghdr and struct inet_diag_req_v2: for a
// socket in any state, at any interface, whatever its cookie.
func request(local, peer netip.AddrPort) (b [requestSize]byte) {
	binary.NativeEndian.PutUint32(b[0:], requestSize)
	binary.NativeEndian.PutUint16(b[4:], sockDiagByFamily)
	binary.NativeEndian.PutUint16(b[6:], syscall.NLM_F_REQUEST)

	diag := b[headerSize:]
	diag[0], diag[1], diag[2] = syscall.AF_INET6, syscall.IPPROTO_TCP, 1<<(infoAttribute-1)
	if local.Addr().Is4() {
		diag[0] = syscall.AF_INET
	}
	binary.NativeEndian.PutUint32(diag[4:], ^uint32(0)) // states
	where := addresses(local, peer)
	copy(diag[8:], where[:])
	binary.NativeEndian.PutUint64(b[requestSize-8:], ^uint64(0)) // cookie
	return b
}

// addresses returns the start of a struct inet_diag_sockid: ports and addresses.
func addresses(local, peer netip.AddrPort) (b [addressesSize]byte) {
	binary.BigEndian.PutUint16(b[0:], local.Port())
	binary.BigEndian.PutUint16(b[2:], peer.Port())
	putAddr(b[4:20], local.Addr())
	putAddr(b[20:36], peer.Addr())
	return b
}

// putAddr fills 16 bytes; an IPv4 address takes the first four.
func putAddr(b []byte, a netip.Addr) {
	if a.Is4() {
		raw := a.As4()
		copy(b, raw[:])
		return
	}
	raw := a.As16()
	copy(b, raw[:])
}
