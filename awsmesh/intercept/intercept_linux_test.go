package intercept

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// A connection to the proxy's own port looks to the kernel as one that was redirected
// there. What redirect rules do is tested in network namespaces, in test/sdk.
func TestCheck(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(address, func(t *testing.T) {
			proxy, other := listen(t, address), listen(t, address)

			if err := Check(dial(t, proxy), port(proxy)); err != nil {
				t.Errorf("connection to the proxy: %v", err)
			}
			err := Check(dial(t, other), port(proxy))
			if err == nil || !strings.Contains(err.Error(), "straight to "+other.Addr().String()) {
				t.Errorf("connection to somebody else, while the proxy listens: %v", err)
			}
			closed := listen(t, address)
			_ = closed.Close()
			if err := Check(dial(t, other), port(closed)); err == nil {
				t.Error("connection to somebody else, without a proxy: proven")
			}
		})
	}
}

// A proxy that listens for both families at once, as ztunnel does, has IPv4's connections
// in a socket of IPv6.
func TestCheckOfBothFamilies(t *testing.T) {
	proxy, other := listen(t, "[::]:0"), listen(t, "[::]:0")
	for _, address := range []string{"127.0.0.1", "::1"} {
		if err := Check(dialTo(t, address, proxy), port(proxy)); err != nil {
			t.Errorf("%s: connection to the proxy: %v", address, err)
		}
		if err := Check(dialTo(t, address, other), port(proxy)); err == nil {
			t.Errorf("%s: connection to somebody else: proven", address)
		}
	}
}

// A sidecar that closes at once is a sidecar still.
func TestCheckAfterFarewell(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		proxy := listen(t, address)
		conn := dial(t, proxy)
		far, err := proxy.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = far.Close()
		if err := Check(conn, port(proxy)); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v, want %v", address, err, ErrClosed)
		}
	}
}

// What is confined reaches this node, and nothing beyond.
func TestConfine(t *testing.T) {
	for address, option := range map[string][2]int{
		"127.0.0.1:0": {syscall.IPPROTO_IP, syscall.IP_TTL},
		"[::1]:0":     {syscall.IPPROTO_IPV6, syscall.IPV6_UNICAST_HOPS},
	} {
		proxy := listen(t, address)
		conn := dial(t, proxy)
		if err := Confine(conn); err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		raw, err := conn.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		hops := 0
		if err := raw.Control(func(fd uintptr) {
			hops, _ = syscall.GetsockoptInt(int(fd), option[0], option[1]) //nolint:gosec // a descriptor
		}); err != nil || hops != 1 {
			t.Errorf("%s: %d hops, %v, want 1", address, hops, err)
		}
		far, err := proxy.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte("x"))
		if _, err := far.Read(make([]byte, 1)); err != nil {
			t.Errorf("%s: to the sidecar: %v", address, err)
		}
		_ = far.Close()
	}
}

// The far end is gone, or is somebody else's by now.
func TestCheckAfterClose(t *testing.T) {
	proxy := listen(t, "127.0.0.1:0")
	conn := dial(t, proxy)
	far, err := proxy.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = far.(*net.TCPConn).SetLinger(0)
	_ = far.Close()
	if err := Check(conn, port(proxy)); err == nil {
		t.Error("the proxy has closed the connection: proven")
	}
}

// Two connections to different places may have the same port here. One that has been
// used speaks for no other.
func TestCheckOfASharedPort(t *testing.T) {
	proxy, other := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	older := dialFrom(t, nil, proxy)
	far, err := proxy.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	if err := Check(older, port(proxy)); err != nil {
		t.Fatalf("connection to the proxy: %v", err)
	}
	if _, err := older.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := far.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	err = Check(dialFrom(t, older.LocalAddr(), other), port(proxy))
	if err == nil || !strings.Contains(err.Error(), "an older one from the same port") {
		t.Errorf("connection to somebody else, from the port of one to the proxy: %v", err)
	}
}

func TestCheckNeedsTCP(t *testing.T) {
	one, two := net.Pipe()
	defer func() { _ = one.Close(); _ = two.Close() }()
	wrapped := struct{ net.Conn }{dial(t, listen(t, "127.0.0.1:0"))}
	for _, conn := range []net.Conn{one, wrapped} {
		if err := Check(conn, ProxyPort); err == nil || !strings.Contains(err.Error(), "the connection is a ") {
			t.Errorf("Check(%T) = %v", conn, err)
		}
	}
}

func TestListening(t *testing.T) {
	proxy := listen(t, "127.0.0.1:0")
	if !Listening(port(proxy)) {
		t.Error("a listener was not seen")
	}
	_ = proxy.Close()
	if Listening(port(proxy)) {
		t.Error("a closed listener was seen")
	}
}

// No wrong answer either way, from eight goroutines at once.
func TestCheckConcurrently(t *testing.T) {
	proxy, other := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			yes, no := dial(t, proxy), dial(t, other)
			for range 500 {
				if err := Check(yes, port(proxy)); err != nil {
					t.Errorf("connection to the proxy: %v", err)
					return
				}
				if Check(no, port(proxy)) == nil {
					t.Error("connection to somebody else: proven")
					return
				}
			}
		})
	}
	wg.Wait()
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, minReply))
	f.Fuzz(func(_ *testing.T, reply []byte) { _ = answerError(reply); _, _ = usedOrNot(reply) })
}

func BenchmarkCheck(b *testing.B) {
	proxy := listen(b, "127.0.0.1:0")
	conn := dial(b, proxy)
	b.ReportAllocs()
	for b.Loop() {
		if err := Check(conn, port(proxy)); err != nil {
			b.Fatal(err)
		}
	}
}

func listen(t testing.TB, address string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func dial(t testing.TB, to net.Listener) net.Conn {
	t.Helper()
	return dialTo(t, to.Addr().(*net.TCPAddr).IP.String(), to)
}

// dialTo names the address, for a listener on all of them.
func dialTo(t testing.TB, address string, to net.Listener) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort(address, strconv.Itoa(int(port(to)))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// dialFrom shares its port with others.
func dialFrom(t *testing.T, from net.Addr, to net.Listener) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: from, Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		return errors.Join(c.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1) //nolint:gosec // a descriptor
		}), err)
	}}
	if from == nil {
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
	}
	conn, err := d.Dial("tcp", to.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func port(l net.Listener) uint16 { return uint16(l.Addr().(*net.TCPAddr).Port) } //nolint:gosec // a port
