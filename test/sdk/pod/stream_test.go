package pod

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
)

func TestStream(t *testing.T) {
	const hello, data = "\x16\x03\x01\x00\x05hello", "\x17\x03\x03\x00\x04\x00\x01\x02\x03"
	for name, c := range map[string]struct {
		segments []string
		leaked   string
	}{
		"TLS":                             {[]string{hello, data}, ""},
		"TLS, a byte a segment":           {strings.Split(hello+data, ""), ""},
		"records within a segment":        {[]string{hello + data + hello}, ""},
		"TLS, ended in a record":          {[]string{hello, data[:7]}, ""},
		"TLS, ended in a header":          {[]string{hello, data[:3]}, data[:3]},
		"HTTP":                            {[]string{"GET / ", "HTTP/1.1"}, "GET / HTTP/1.1"},
		"HTTP after TLS":                  {[]string{hello, "GET /"}, "GET /"},
		"TLS after HTTP":                  {[]string{"GET /", hello}, "GET /" + hello},
		"looks like TLS for two bytes":    {[]string{"\x16\x03", "xyz"}, "\x16\x03xyz"},
		"a record longer than TLS allows": {[]string{"\x17\x03\x03\xff\xffdata"}, "\x17\x03\x03\xff\xffdata"},
		"an empty record":                 {[]string{"\x17\x03\x03\x00\x00GET"}, "\x17\x03\x03\x00\x00GET"},
	} {
		var s stream
		at := uint32(1<<32 - 8) // sequence numbers wrap soon
		for _, segment := range c.segments {
			for range 2 { // each segment is sent again
				if !s.segment(at, []byte(segment)) {
					t.Errorf("%s: a segment is missing, want none", name)
				}
			}
			at += uint32(len(segment))
		}
		if got := string(s.leaked()); got != c.leaked {
			t.Errorf("%s: leaked %q, want %q", name, got, c.leaked)
		}
		if s.segment(at+1, []byte("x")) {
			t.Errorf("%s: a missing segment is not reported", name)
		}
	}
}

func TestParse(t *testing.T) {
	tcp := []byte{0xc0, 0, 1, 0xbb, 0, 0, 0, 7, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0, 'h', 'i'}
	v4 := append([]byte{0x45, 0, 0, 42, 0, 0, 0, 0, 64, protocolTCP, 0, 0, 10, 9, 0, 2, 198, 51, 100, 10}, tcp...)
	v6 := append([]byte{0x60, 0, 0, 0, 0, 22, protocolTCP, 64}, AWS6.AsSlice()...)
	v6 = append(append(v6, AWS6.AsSlice()...), tcp...)
	for name, c := range map[string]struct {
		packet []byte
		to     netip.Addr
	}{"IPv4": {v4, AWS4}, "IPv6": {v6, AWS6}, "IPv4, padded": {append(v4[:42:42], 0, 0, 0), AWS4}} {
		p, err := parse(c.packet)
		if err != nil || p.to != netip.AddrPortFrom(c.to, 443) || p.seq != 7 || !p.syn || string(p.payload) != "hi" {
			t.Errorf("parse(%s) = %+v, %v", name, p, err)
		}
		for n := range c.packet[:40] {
			if _, err := parse(c.packet[:n]); err == nil {
				t.Errorf("parse(%s, the first %d bytes) = nil error", name, n)
			}
		}
	}
	icmp := append([]byte{}, v4...)
	icmp[9] = 1
	if p, err := parse(icmp); err != nil || p.protocol != 1 {
		t.Errorf("parse(ICMP) = %+v, %v, want the protocol alone", p, err)
	}
	if n := network(0x0800); binary.NativeEndian.Uint16([]byte{8, 0}) != n {
		t.Errorf("network(0x0800) = %#x", n)
	}
}
