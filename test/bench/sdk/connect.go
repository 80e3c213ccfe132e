package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
)

// connection makes a connection as net/http would, ready for a request, and drops it. No
// name is looked up: that would only hide the difference. TLS does full handshakes.
func (c *contender) connection() (func() error, error) {
	address := net.JoinHostPort(c.address(), "443")
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	config, err := inmesh.FromEnv()
	if err != nil {
		return nil, err
	}
	config.TrustRoute = c.way == trusting
	if err := config.Install(transport); err != nil {
		return nil, err
	}
	if !config.InMesh {
		transport.DialTLSContext = overTLS(transport)
	}
	return func() error {
		conn, err := transport.DialTLSContext(context.Background(), "tcp", net.JoinHostPort(dynamoHost, "443"))
		if err != nil {
			return err
		}
		return drop(conn)
	}, nil
}

func overTLS(t *http.Transport) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		raw, err := t.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		conn := tls.Client(raw, &tls.Config{ServerName: dynamoHost, MinVersion: tls.VersionTLS12})
		err = conn.HandshakeContext(ctx)
		return conn, err
	}
}

// drop resets conn, so that its port is free again at once.
func drop(conn net.Conn) error {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(interface{ SetLinger(seconds int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	return conn.Close()
}
