//go:build !linux

package intercept

import (
	"net"
	"net/netip"
)

// Listening reports whether this pod has a sidecar. Only Linux can tell.
func Listening(uint16) bool { return false }

func lookUp(_, _ netip.AddrPort) (state, error) { return absent, ErrUnsupported }

// Confine keeps conn on this node. Only Linux is asked to.
func Confine(net.Conn) error { return ErrUnsupported }
