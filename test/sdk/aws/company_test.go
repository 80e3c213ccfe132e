package aws_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// Whatever the company is asked for, it has its own certificate.
func TestCompany(t *testing.T) {
	c := start(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = c.ServeCompany(l) }()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(c.CA())
	for name, want := range map[string]string{
		"www.example.com": "", "example.com": "", "hijacked.s3.eu-west-1.amazonaws.com": "certificate is valid for example.com, not hijacked",
	} {
		conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{ServerName: name, RootCAs: roots})
		if (want == "") != (err == nil) || want != "" && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		if err != nil {
			continue
		}
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", name)
		text, _ := io.ReadAll(conn)
		if r := c.last(); !strings.HasSuffix(string(text), aws.CompanyBody) || r.Via != aws.ViaCompany || r.Host != name {
			t.Errorf("%s: %s, record %+v", name, text, r)
		}
		_ = conn.Close()
	}
}

// In plaintext it claims to be a sidecar.
func TestCompanyForges(t *testing.T) {
	c := start(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = c.ServeCompany(l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, want := range []int{http.StatusNoContent, http.StatusBadRequest} {
		ask := map[int]string{http.StatusNoContent: "x-aws-mesh-route: ask\r\n"}[want]
		fmt.Fprintf(conn, "HEAD / HTTP/1.1\r\nHost: sqs.eu-west-1.amazonaws.com\r\n%s\r\n", ask)
		r, err := http.ReadResponse(in, &http.Request{Method: http.MethodHead})
		if err != nil || r.StatusCode != want {
			t.Fatalf("answered %+v, %v, want %d", r, err, want)
		}
		_ = r.Body.Close()
		if r := c.last(); r.Via != aws.ViaPlaintext || r.Host != "sqs.eu-west-1.amazonaws.com" {
			t.Errorf("%+v", r)
		}
	}
}

func TestGreeting(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- aws.ServeGreeting(ctx, l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || strings.TrimSpace(line) != aws.CompanyGreeting {
		t.Errorf("%q, %v", line, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
