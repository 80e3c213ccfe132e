package pod

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// A packet is what a capture reads of an IP packet.
type packet struct {
	protocol byte
	from, to netip.AddrPort
	seq      uint32 // of TCP
	syn      bool
	payload  []byte
}

const (
	protocolTCP = 6
	protocolUDP = 17
)

// parse reads an IP packet. Of others than TCP and UDP it tells the protocol alone. IPv6
// extension headers do not occur: Linux sends TCP and UDP without.
func parse(b []byte) (packet, error) {
	var p packet
	var from, to netip.Addr
	var size, total int // of the IP header, of the packet
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		size, total = int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
		p.protocol = b[9]
		from, to = netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
	case len(b) >= 40 && b[0]>>4 == 6:
		size, total = 40, 40+int(binary.BigEndian.Uint16(b[4:]))
		p.protocol = b[6]
		from, to = netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
	}
	header := map[byte]int{protocolTCP: 20, protocolUDP: 8}[p.protocol]
	if size >= 20 && header == 0 {
		return p, nil
	}
	if size < 20 || total < size+header || total > len(b) {
		return p, fmt.Errorf("capture: an IP packet of %d bytes that it cannot read: % x", len(b), b[:min(len(b), 40)])
	}
	b = b[size:total]
	p.from = netip.AddrPortFrom(from, binary.BigEndian.Uint16(b))
	p.to = netip.AddrPortFrom(to, binary.BigEndian.Uint16(b[2:]))
	if p.protocol == protocolTCP {
		p.seq, p.syn = binary.BigEndian.Uint32(b[4:]), b[13]&2 != 0
		header = min(int(b[12]>>4)*4, len(b))
	}
	p.payload = b[header:]
	return p, nil
}
