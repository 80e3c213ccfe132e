package aws

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// A company that is not AWS: what applications call besides, and where an attacker may
// lead them. Its names are CompanyName and those below it, and it has a certificate for
// them of the same authority as AWS. What it is asked is on record, [ViaCompany].
const (
	CompanyName     = "example.com"
	CompanyBody     = "another company\n"
	CompanyGreeting = "220 ready when you are"
)

// ServeCompany answers as the company, in TLS, on what l accepts, until Close. Whatever
// name it is asked for, its certificate is for its own. Who asks in plaintext for the
// route of a sidecar gets a forged answer.
func (s *Server) ServeCompany(l net.Listener) error {
	config := &tls.Config{GetCertificate: s.companyCertificate, MinVersion: tls.VersionTLS12}
	return served(s.servers[2].Serve(tlsListener{l, config, func(r *http.Request) *entry {
		return s.records.begin(r, ViaPlaintext)
	}, true}))
}

// ServeCompanyHTTP does so in plain HTTP.
func (s *Server) ServeCompanyHTTP(l net.Listener) error { return served(s.servers[2].Serve(l)) }

func (s *Server) serveCompany(w http.ResponseWriter, r *http.Request) {
	e := s.records.begin(r, ViaCompany)
	_, _ = fmt.Fprint(&statusWriter{ResponseWriter: w, entry: e}, CompanyBody)
}

func (s *Server) companyCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := hello.ServerName
	if !strings.HasSuffix(name, "."+CompanyName) {
		name = CompanyName
	}
	return s.trusted.issue([]string{name}, time.Now().AddDate(0, 6, 0))
}

// ServeGreeting speaks first on what l accepts, as servers of mail, SSH and databases do,
// until ctx is done.
func ServeGreeting(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				err = nil
			}
			return err
		}
		go func() {
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(time.Minute))
			_, _ = fmt.Fprintf(c, "%s\r\n", CompanyGreeting)
			_, _ = c.Read(make([]byte, 1)) // the client goes first
		}()
	}
}
