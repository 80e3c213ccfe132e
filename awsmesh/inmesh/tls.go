package inmesh

import (
	"context"
	"crypto/tls"
	"net"
)

// toServer returns a connection with TLS to the server itself, as t would have made it.
// With onlyH1 it is for an http:// URL: net/http speaks HTTP/1.1 there, whatever the
// server chose.
func (m *mesh) toServer(ctx context.Context, network, addr string, onlyH1 bool) (net.Conn, error) {
	if m.tls != nil {
		return m.tls(ctx, network, addr)
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	raw, err := m.direct(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if timeout := m.transport.TLSHandshakeTimeout; timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	config := m.tlsConfig(host)
	if onlyH1 {
		config.NextProtos = []string{"http/1.1"}
	}
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// tlsConfig is read at every dial: SDKs set the roots of AWS_CA_BUNDLE later.
func (m *mesh) tlsConfig(host string) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if m.transport.TLSClientConfig != nil {
		config = m.transport.TLSClientConfig.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	return config
}
