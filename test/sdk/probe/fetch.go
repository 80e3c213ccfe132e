package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// Seen is what a client has seen of a server.
type Seen struct {
	Status int    `json:",omitempty"` // of HTTP
	Server string `json:",omitempty"` // who answered: "envoy" is the sidecar
	Said   string `json:",omitempty"` // the beginning of the answer's body, or the first line
	Peer   string `json:",omitempty"` // the name in the server's certificate
	Failed string `json:",omitempty"` // how the connection failed
}

// fetch gets q's "url". The connection may lead to another "address", and the request may
// name another "host". The certificate is looked at, not judged.
func fetch(ctx context.Context, q url.Values) Seen {
	var s Seen
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, cmp.Or(q.Get("address"), address))
		},
		TLSClientConfig: &tls.Config{
			InsecureSkipVerify: true, //nolint:gosec // it is what is asked about
			VerifyConnection: func(c tls.ConnectionState) error {
				s.Peer = name(c.PeerCertificates[0])
				return nil
			},
		},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, q.Get("url"), nil)
	if err != nil {
		s.Failed = err.Error()
		return s
	}
	r.Host = cmp.Or(q.Get("host"), r.Host)
	response, err := transport.RoundTrip(r)
	if err != nil {
		s.Failed = failure(err)
		return s
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 200))
	s.Status, s.Server, s.Said = response.StatusCode, response.Header.Get("Server"), strings.TrimSpace(string(body))
	return s
}

// dial connects to q's "address" and waits for what the server says first.
func dial(ctx context.Context, q url.Values) Seen {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", q.Get("address"))
	if err != nil {
		return Seen{Failed: failure(err)}
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetReadDeadline(deadline)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return Seen{Failed: failure(err)}
	}
	return Seen{Said: strings.TrimSpace(line)}
}

func name(c *x509.Certificate) string {
	if c.Subject.CommonName == "" && len(c.DNSNames) > 0 {
		return c.DNSNames[0]
	}
	return c.Subject.CommonName
}

// failure names the kind of an error.
func failure(err error) string {
	var wait net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		strings.HasSuffix(err.Error(), "http: server closed idle connection"):
		return "closed" // which of them, is a matter of luck
	case errors.As(err, &wait) && wait.Timeout():
		return "silence"
	case errors.Is(err, http.ErrSchemeMismatch):
		return "plaintext"
	}
	return err.Error()
}
