// Command aws-stand-in runs the stand-in for AWS as a program of its own. Package aws
// says what it answers.
//
//	aws-stand-in --tls 127.0.0.1:443 --link-local 169.254.169.254:80 --control 127.0.0.1:8080 --ca ca.pem
//	curl 127.0.0.1:8080/records
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

type options struct {
	tls, linkLocal, control                  string
	companyTLS, companyHTTP, companyGreeting string
	ca                                       string
	server                                   aws.Options
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "aws-stand-in:", err)
		os.Exit(1) //nolint:gocritic // the deferred stop only restores signals
	}
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("aws-stand-in", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.tls, "tls", "127.0.0.1:443", "`addresses` for AWS's hosts, comma-separated")
	f.StringVar(&o.linkLocal, "link-local", "", "`addresses` for the credential endpoints, comma-separated, such as 169.254.169.254:80")
	f.StringVar(&o.companyTLS, "company-tls", "", "`addresses` of another company's HTTPS, comma-separated")
	f.StringVar(&o.companyHTTP, "company-http", "", "`addresses` of its plain HTTP, comma-separated")
	f.StringVar(&o.companyGreeting, "company-greeting", "", "`addresses` where it speaks first, comma-separated")
	f.StringVar(&o.control, "control", "", "`address` to read the record and set faults at, such as 127.0.0.1:8080")
	f.StringVar(&o.server.Authority, "authority", "", "`file` with the CA's certificate and ECDSA key, PEM (default: a new CA)")
	f.StringVar(&o.ca, "ca", "", "`file` that gets the CA certificate, PEM")
	f.StringVar(&o.server.Dir, "data", "", "`folder` for objects (default: a temporary one)")
	f.StringVar(&o.server.Bin, "bin", "", "`folder` with versitygw and dynalite (default: bin of the checkout)")
	f.StringVar(&o.server.Issuer, "issuer", "", "`URL` of the issuer of service accounts' tokens (default: two fixed tokens are taken)")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	return o, nil
}

func run(ctx context.Context, args []string, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	o.server.Log = stderr
	s, err := aws.New(o.server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if o.ca != "" {
		if err := os.WriteFile(o.ca, s.CA(), 0o644); err != nil {
			return err
		}
	}
	control := &http.Server{Handler: s.Control(), ReadHeaderTimeout: time.Minute}
	defer control.Close()
	ended := make(chan error, 1)
	for _, l := range []struct {
		addresses string
		serve     func(net.Listener) error
	}{
		{o.tls, s.Serve}, {o.linkLocal, s.ServeLinkLocal}, {o.control, control.Serve},
		{o.companyTLS, s.ServeCompany}, {o.companyHTTP, s.ServeCompanyHTTP},
		{o.companyGreeting, func(l net.Listener) error { return aws.ServeGreeting(ctx, l) }},
	} {
		if err := listen(l.addresses, l.serve, ended); err != nil {
			return err
		}
	}
	fmt.Fprintf(stderr, "ready: AWS's hosts at %s\n", o.tls)
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return nil
	}
}

// listen serves on all addresses; the first that fails is reported on ended.
func listen(addresses string, serve func(net.Listener) error, ended chan<- error) error {
	for address := range strings.SplitSeq(addresses, ",") {
		if address == "" {
			continue
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		go func() {
			if err := serve(l); err != nil {
				select {
				case ended <- err:
				default: // another was first
				}
			}
		}()
	}
	return nil
}
