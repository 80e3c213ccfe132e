package pod

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Flow is what a machine sent on one TCP connection.
type Flow struct {
	From, To  netip.AddrPort
	Bytes     int64
	Plaintext []byte // from the first byte that is not part of a TLS record, at most 64 KiB
}

// A Capture holds every byte that left a machine by TCP, from the moment it was made:
// what goes to the network, not what stays between application and sidecar. An older
// connection is read from the first segment seen, as if a TLS record began there.
type Capture struct {
	machine *Machine
	file    *os.File
	marks   chan []byte
	done    chan struct{}

	mu      sync.Mutex
	current map[[2]netip.AddrPort]*flow // the newest of each pair
	flows   []*flow
	err     error // it is not all that left
}

type flow struct {
	from, to netip.AddrPort
	stream
}

// Capture starts to capture what leaves m. The caller closes the capture.
func (m *Machine) Capture() (*Capture, error) {
	c := &Capture{
		machine: m, marks: make(chan []byte, 1), done: make(chan struct{}),
		current: map[[2]netip.AddrPort]*flow{},
	}
	if err := m.inNetwork(c.open); err != nil {
		return nil, fmt.Errorf("capture what leaves %s: %w", m.Name, err)
	}
	go c.read()
	return c, nil
}

// open makes the socket, in the network of the current thread. The kernel hands it a
// packet before the call that sends the packet returns.
func (c *Capture) open() error {
	link, err := net.InterfaceByName("eth0")
	if err != nil {
		return err
	}
	s, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	err = errors.Join(
		unix.SetsockoptInt(s, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 256<<20),
		unix.Bind(s, &unix.SockaddrLinklayer{Protocol: network(unix.ETH_P_ALL), Ifindex: link.Index}),
	)
	if err != nil {
		_ = unix.Close(s)
		return err
	}
	c.file = os.NewFile(uintptr(s), "capture")
	return nil
}

// network returns n in network byte order.
func network(n uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, n))
}

// Close ends the capture; what it holds stays.
func (c *Capture) Close() {
	_ = c.file.Close()
	<-c.done
}

// read takes packets until the socket is closed.
func (c *Capture) read() {
	defer close(c.done)
	raw, err := c.file.SyscallConn()
	if err != nil {
		return
	}
	buffer := make([]byte, 256<<10)
	for {
		var n int
		var from unix.Sockaddr
		var failed error
		err := raw.Read(func(fd uintptr) bool {
			n, from, failed = unix.Recvfrom(int(fd), buffer, unix.MSG_TRUNC)
			return !errors.Is(failed, syscall.EAGAIN)
		})
		if err != nil || failed != nil {
			return
		}
		link, ok := from.(*unix.SockaddrLinklayer)
		if !ok || link.Pkttype != unix.PACKET_OUTGOING {
			continue
		}
		if link.Protocol == network(unix.ETH_P_IP) || link.Protocol == network(unix.ETH_P_IPV6) {
			c.packet(buffer[:min(n, len(buffer))])
		}
	}
}

func (c *Capture) packet(b []byte) {
	p, err := parse(b)
	switch {
	case err != nil:
		c.incomplete(err)
	case p.protocol == protocolUDP && fmt.Sprint(p.to.Port()) == markPort:
		select {
		case c.marks <- bytes.Clone(p.payload):
		default:
		}
	case p.protocol == protocolTCP:
		c.segment(p)
	}
}

func (c *Capture) segment(p packet) {
	if len(p.payload) == 0 && !p.syn {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := [2]netip.AddrPort{p.from, p.to}
	f := c.current[key]
	if f == nil || p.syn && f.bytes > 0 {
		f = &flow{from: p.from, to: p.to}
		c.current[key], c.flows = f, append(c.flows, f)
	}
	if p.syn {
		p.seq++ // SYN counts as a byte
		f.begun, f.next = true, p.seq
	}
	if !f.segment(p.seq, p.payload) {
		c.err = errors.Join(c.err, fmt.Errorf("capture: segments from %s to %s are missing", p.from, p.to))
	}
}

// Flows returns what was sent until now. An error says that the capture is not complete
// and proves nothing.
func (c *Capture) Flows() ([]Flow, error) {
	if err := c.sync(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var flows []Flow
	for _, f := range c.flows {
		if f.bytes > 0 {
			flows = append(flows, Flow{From: f.from, To: f.to, Bytes: f.bytes, Plaintext: f.leaked()})
		}
	}
	return flows, c.err
}

// Plaintext returns the flows that are not TLS from their first byte to their last,
// except those to istiod and to the DNS server.
func (c *Capture) Plaintext() ([]Flow, error) {
	flows, err := c.Flows()
	var plain []Flow
	for _, f := range flows {
		own := f.To.Addr() == netip.MustParseAddr(service) && (f.To.Port() == discoveryPort || f.To.Port() == 53)
		if len(f.Plaintext) > 0 && !own {
			plain = append(plain, f)
		}
	}
	return plain, err
}
