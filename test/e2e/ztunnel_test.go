package e2e

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A tunnel stands in for ztunnel in a pod, as Istio's cannot be built here. It takes what
// Istio's rules redirect, sends what is for an address that Istio has allocated to a
// waypoint, in HBONE, and all else to where it was going.
type tunnel struct {
	waypoint string // host:port
	hbone    *http.Transport
	out      *net.Dialer
}

const (
	soOriginalDst = 80    // linux/netfilter_ipv4.h
	ztunnelMark   = 0x539 // by which the rules know what ztunnel itself sends
)

// allocated is where Istio allocates addresses for ServiceEntries.
var allocated = netip.MustParsePrefix("240.240.0.0/16")

// ztunnel takes connections until it fails, with the identity below the folder given.
func ztunnel(waypoint, identity string) error {
	pair, err := tls.LoadX509KeyPair(filepath.Join(identity, "tls.crt"), filepath.Join(identity, "tls.key"))
	if err != nil {
		return err
	}
	ca, err := os.ReadFile(filepath.Join(identity, "ca.crt"))
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	t := &tunnel{waypoint: waypoint, out: &net.Dialer{Control: marked}}
	t.hbone = &http.Transport{DialContext: t.out.DialContext, ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{
		Certificates:       []tls.Certificate{pair},
		InsecureSkipVerify: true, //nolint:gosec // the mesh's identities are no host names; the chain is verified
		VerifyConnection: func(c tls.ConnectionState) error {
			_, err := c.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots})
			return err
		},
	}}
	l, err := net.Listen("tcp", "[::]:15001") // both families, as ztunnel does
	if err != nil {
		return err
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer func() { _ = conn.Close() }()
			if err := t.carry(conn.(*net.TCPConn)); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}()
	}
}

func (t *tunnel) carry(conn *net.TCPConn) error {
	to, err := originalDestination(conn)
	if err != nil {
		return err
	}
	if !allocated.Contains(to.Addr()) {
		far, err := t.out.Dial("tcp", to.String())
		if err != nil {
			return err
		}
		defer func() { _ = far.Close() }()
		go func() { _, _ = io.Copy(far, conn); _ = far.(*net.TCPConn).CloseWrite() }()
		_, err = io.Copy(conn, far)
		return err
	}
	answer, err := t.hbone.RoundTrip(&http.Request{
		Method: http.MethodConnect, URL: &url.URL{Scheme: "https", Host: t.waypoint}, Host: to.String(),
		Header: http.Header{}, Body: io.NopCloser(conn),
	})
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the waypoint answers CONNECT %v with %s", to, answer.Status)
	}
	_, err = io.Copy(conn, answer.Body)
	return err
}

func marked(_, _ string, c syscall.RawConn) (err error) {
	return errors.Join(c.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_MARK, ztunnelMark) //nolint:gosec // a descriptor
	}), err)
}

// originalDestination is where conn was going before it was redirected.
func originalDestination(conn *net.TCPConn) (to netip.AddrPort, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return to, err
	}
	return to, errors.Join(raw.Control(func(fd uintptr) {
		var name *syscall.IPv6Mreq                                                                          // of the size of a struct sockaddr_in, and 4 bytes more
		if name, err = syscall.GetsockoptIPv6Mreq(int(fd), syscall.IPPROTO_IP, soOriginalDst); err == nil { //nolint:gosec // a descriptor
			b := name.Multiaddr
			to = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), binary.BigEndian.Uint16(b[2:4]))
		}
	}), err)
}

// workloadIdentity returns a certificate for workloads of a namespace with its key and the
// authority's certificate, by their names in a Secret. The authority, PEM, is istiod's.
func workloadIdentity(namespace, caCert, caKey string) (map[string]string, error) {
	ca, err := tls.X509KeyPair([]byte(caCert), []byte(caKey))
	if err != nil {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		NotBefore:    time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		URIs: []*url.URL{{Scheme: "spiffe", Host: "cluster.local", Path: "/ns/" + namespace + "/sa/default"}},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, ca.Leaf, &key.PublicKey, ca.PrivateKey)
	return map[string]string{
		"ca.crt":  caCert,
		"tls.crt": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})),
		"tls.key": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
	}, err
}
