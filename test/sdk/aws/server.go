// Package aws is a stand-in for AWS in tests. It answers on any AWS host name over TLS,
// checks every signature as AWS does (package sigv4), records every request, and stores
// things in real stores: S3 in versitygw, which verifies each signature a second time,
// and DynamoDB in dynalite. SQS, Kinesis, Secrets Manager and STS are small and kept in
// memory; whatever else is signed gets an echo.
//
//	connection → TLS (or AWS's 400) → record → signature → fault → service → answer
//
// It also is the link-local credential endpoints: IMDSv2, ECS and EKS Pod Identity. The
// temporary credentials that they and STS hand out are good for every service.
//
// What is not as on AWS: one account; credentials may do everything; a bucket lives in
// the region that it was created in, but anything else is the same in all regions.
package aws

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws/services"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws/stores"
)

// Options say what a [Server] is made of. The zero value works inside a checkout.
type Options struct {
	Bin       string    // folder with versitygw and dynalite; empty: "bin" of the checkout
	Dir       string    // where objects go, and stay; empty: a temporary folder
	Authority string    // file with the certificate and the ECDSA key of the CA, PEM; empty: a new one
	Issuer    string    // URL of who issues service accounts' tokens; empty: [WebIdentityToken] and [PodIdentityToken] are the tokens
	Log       io.Writer // what the stores print; nil: nowhere
}

// A Server is all of AWS.
type Server struct {
	credentials *credentials
	records     records
	faults      faults

	trusted, untrusted *authority
	stores             *stores.Stores
	services           map[string]http.Handler
	linkLocal          http.Handler
	servers            []*http.Server // TLS, link-local, company
}

// New makes a server. Its stores start when they are first needed; it reports their
// missing binaries at once.
func New(o Options) (*Server, error) {
	check := fixedTokens
	if o.Issuer != "" {
		check = issuedBy(o.Issuer)
	}
	s := &Server{credentials: newCredentials()}
	var err error
	if s.trusted, err = trustedAuthority(o.Authority); err != nil {
		return nil, err
	}
	if s.untrusted, err = newAuthority("aws-mesh test CA that nobody trusts"); err != nil {
		return nil, err
	}
	s.stores, err = stores.New(stores.Options{
		Bin: o.Bin, Dir: o.Dir, Log: o.Log,
		AccessKeyID: AccessKeyID, SecretAccessKey: SecretAccessKey, Sessions: s.credentials.lookup,
	})
	if err != nil {
		return nil, err
	}
	s.services = map[string]http.Handler{
		"s3":             s3{stores: s.stores},
		"dynamodb":       dynamodb{stores: s.stores},
		"sqs":            services.NewSQS(AccountID),
		"kinesis":        services.NewKinesis(AccountID),
		"secretsmanager": services.NewSecretsManager(AccountID),
		"sts":            sts{credentials: s.credentials, check: check},
		"":               echo{},
	}
	s.linkLocal = linkLocal(s.credentials, check)
	quiet := log.New(io.Discard, "", 0) // a client that goes away is no news
	s.servers = []*http.Server{
		{Handler: s, ErrorLog: quiet, ReadHeaderTimeout: time.Minute},
		{Handler: http.HandlerFunc(s.serveLinkLocal), ErrorLog: quiet, ReadHeaderTimeout: time.Minute},
		{Handler: http.HandlerFunc(s.serveCompany), ErrorLog: quiet, ReadHeaderTimeout: time.Minute},
	}
	return s, nil
}

// Serve answers as AWS, in TLS, on what l accepts, until Close. It may be called for
// several listeners.
func (s *Server) Serve(l net.Listener) error {
	config := &tls.Config{GetCertificate: s.certificate, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12}
	return served(s.servers[0].Serve(tlsListener{l, config, func(r *http.Request) *entry {
		return s.records.begin(r, ViaPlaintext)
	}, false}))
}

// ServeLinkLocal answers as the credential endpoints (169.254.169.254, 169.254.170.2 and
// 169.254.170.23), in plain HTTP, on what l accepts, until Close.
func (s *Server) ServeLinkLocal(l net.Listener) error { return served(s.servers[1].Serve(l)) }

func served(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close ends all connections, and the stores.
func (s *Server) Close() error {
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	return errors.Join(append(errs, s.stores.Close())...)
}

// CA is the certificate to trust, in PEM.
func (s *Server) CA() []byte { return s.trusted.pem() }

// Records gives what came in so far, oldest first.
func (s *Server) Records() []Record { return s.RecordsOf("") }

// RecordsOf gives what came from one client's address; empty: from all.
func (s *Server) RecordsOf(client string) []Record { return s.records.of(client) }

// AddFault makes something go wrong from now on.
func (s *Server) AddFault(f Fault) { s.faults.add(f) }

// Reset forgets all records and faults. What is stored stays.
func (s *Server) Reset() { s.ResetOf("") }

// ResetOf forgets the records of one client, and the faults that are for it alone.
func (s *Server) ResetOf(client string) {
	s.records.forget(client)
	s.faults.clear(client)
}

func (s *Server) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := hello.ServerName
	if name == "" {
		name = "amazonaws.com"
	}
	names, ca, until := certificateNames(name), s.trusted, time.Now().AddDate(0, 6, 0)
	if f, ok := s.faults.take(address(hello.Conn.RemoteAddr().String()), name, WrongName, UntrustedCA, Expired); ok {
		switch f.Kind {
		case WrongName:
			names = []string{"wrong-name.example.com"}
		case UntrustedCA:
			ca = s.untrusted
		default:
			until = time.Now().AddDate(0, 0, -1)
		}
	}
	return ca.issue(names, until)
}
