package awsmesh

import "net/netip"

// LinkLocal returns the address that host is, if it is one at which a machine or a
// container gets its credentials: a link-local one, or one of fd00:ec2::/32, which AWS
// uses like those.
func LinkLocal(host string) (addr netip.Addr, ok bool) {
	addr, err := netip.ParseAddr(host)
	addr = addr.Unmap()
	return addr, err == nil && (addr.IsLinkLocalUnicast() || netip.MustParsePrefix("fd00:ec2::/32").Contains(addr))
}
