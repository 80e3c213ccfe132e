package inmesh_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
)

func TestResolve(t *testing.T) {
	tests := []struct {
		config inmesh.Config
		want   string // part of the error
	}{
		{inmesh.Config{}, ""},
		{inmesh.Config{Hosts: []string{"*"}}, ""},
		{inmesh.Config{InMesh: true, Hosts: []string{"sqs.eu-west-1.amazonaws.com", "*.s3.eu-west-1.amazonaws.com"}}, ""},
		{inmesh.Config{InMesh: true}, "AWS_MESH_HOSTS is empty"},
		{inmesh.Config{InMesh: true, Hosts: []string{}}, "no host is listed"},
		{inmesh.Config{InMesh: true, Hosts: []string{"*"}}, `"*" may only stand for the first labels`},
		{inmesh.Config{InMesh: true, Hosts: []string{"*.amazonaws.com"}}, "matches too much"},
		{inmesh.Config{InMesh: true, Hosts: []string{"sqs.*.amazonaws.com"}}, `"*" may only stand`},
		{inmesh.Config{InMesh: true, Hosts: []string{"https://sqs.eu-west-1.amazonaws.com"}}, "is a URL"},
		{inmesh.Config{InMesh: true, Hosts: []string{"sqs.eu-west-1.amazonaws.com:443"}}, `give "sqs.eu-west-1.amazonaws.com"`},
		{inmesh.Config{InMesh: true, Hosts: []string{"10.0.0.1"}}, "is an address"},
		{inmesh.Config{InMesh: true, Hosts: []string{"::1"}}, "is an address"},
		{inmesh.Config{InMesh: true, Hosts: []string{"sqs.eu-west-1.amazonaws.com", ""}}, "is not a host name"},
	}
	for _, test := range tests {
		_, err := test.config.Resolve()
		if got := fmt.Sprint(err); (err == nil) != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("Resolve(%v, %q) = %v, want %q", test.config.InMesh, test.config.Hosts, err, test.want)
		}
	}
}

func TestHostsOfTheEnvironment(t *testing.T) {
	t.Setenv("AWS_MESH_HOSTS", "SQS.eu-west-1.amazonaws.com.")
	t.Setenv("AWS_MESH_POD_UID", podUID)
	got, err := inmesh.Config{InMesh: true}.Resolve()
	if err != nil || len(got.Hosts) != 1 || got.Hosts[0] != "sqs.eu-west-1.amazonaws.com" || got.PodUID != podUID {
		t.Errorf("Resolve() = %q, %q, %v", got.Hosts, got.PodUID, err)
	}
}

func TestFromEnv(t *testing.T) {
	t.Setenv("AWS_MESH_IN_MESH", "true")
	t.Setenv("AWS_MESH_HOSTS", "a.b.c,*.d.e.f")
	t.Setenv("AWS_MESH_POD_UID", podUID)
	if got, err := inmesh.FromEnv(); err != nil || !got.InMesh || len(got.Hosts) != 2 || got.PodUID != podUID {
		t.Errorf("FromEnv() = %v, %v", got, err)
	}
	t.Setenv("AWS_MESH_IN_MESH", "yes")
	if got, err := inmesh.FromEnv(); err == nil || got.InMesh {
		t.Errorf("FromEnv() = %v, %v, want an error and nothing in plaintext", got, err)
	}
}

// A transport that is not in the mesh is left alone, and so is one whose Config is
// wrong.
func TestInstallNothing(t *testing.T) {
	for _, config := range []inmesh.Config{{}, {InMesh: true, Hosts: []string{"*"}}} {
		transport := &http.Transport{}
		err := config.Install(transport)
		if (err != nil) != config.InMesh {
			t.Errorf("Install: %v", err)
		}
		if transport.DialTLSContext != nil || transport.DialContext != nil || transport.Proxy != nil {
			t.Errorf("Install(InMesh %v) changed the transport", config.InMesh)
		}
	}
}

// A transport that speaks plaintext in HTTP/2 alone is refused: net/http does not ask about
// its later requests, so they could name any host.
func TestPlaintextHTTP2(t *testing.T) {
	for protocols, want := range map[*http.Protocols]bool{protocols(false, true): true, protocols(true, true): false, protocols(true, false): false} {
		transport := &http.Transport{Protocols: protocols}
		err := inTheMesh.Install(transport)
		if refused := err != nil && strings.Contains(err.Error(), "SetHTTP1"); refused != want || refused != (transport.Proxy == nil) {
			t.Errorf("Install on %v: %v, want an error: %v", protocols, err, want)
		}
	}
}

func protocols(http1, plaintextHTTP2 bool) *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(http1)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(plaintextHTTP2)
	return p
}

func TestExplain(t *testing.T) {
	const host = "sqs.eu-west-1.amazonaws.com"
	config := inmesh.Config{ProxyPort: 1}
	other := errors.New("other")
	if got := config.Explain(host, other); !errors.Is(got, other) || errors.As(got, new(*inmesh.Error)) {
		t.Errorf("Explain(other) = %v", got)
	}
	if got := config.Explain(host, nil); got != nil {
		t.Errorf("Explain(nil) = %v", got)
	}
	if got := config.Explain(host, syscall.ECONNRESET); errors.As(got, new(*inmesh.Error)) {
		t.Errorf("a reset without a sidecar: %v", got)
	}
	if got := config.Explain(host, syscall.ECONNREFUSED); errors.As(got, new(*inmesh.Error)) {
		t.Errorf("refused without the webhook: %v", got)
	}
	t.Setenv(awsmesh.EnvInMesh, "false")
	if got := config.Explain(host, syscall.ECONNREFUSED); errors.As(got, new(*inmesh.Error)) {
		t.Errorf("refused in a pod without a sidecar: %v", got)
	}
	t.Setenv(awsmesh.EnvPodUID, podUID)
	if got := config.Explain(host, syscall.ECONNREFUSED); !errors.Is(got, inmesh.ErrBlocked) || !strings.Contains(got.Error(), "nativeSidecar") {
		t.Errorf("refused where the webhook was: %v", got)
	}
	for _, direct := range []string{"169.254.169.254", "fd00:ec2::23", "127.0.0.1", "::1", "localhost"} {
		if got := config.Explain(direct, syscall.ECONNREFUSED); errors.As(got, new(*inmesh.Error)) {
			t.Errorf("refused by %s, to which nothing is redirected: %v", direct, got)
		}
	}
	wrapped := fmt.Errorf("send: %w", http.ErrSchemeMismatch)
	got := config.Explain(host, wrapped)
	if !errors.Is(got, inmesh.ErrBlocked) || !errors.Is(got, http.ErrSchemeMismatch) || !strings.Contains(got.Error(), "InMesh is off") {
		t.Errorf("Explain(%v) = %v", wrapped, got)
	}
	if again := config.Explain(host, got); fmt.Sprint(again) != fmt.Sprint(got) {
		t.Errorf("an explained error was explained again: %v", again)
	}

	sidecar := httptest.NewServer(nil)
	defer sidecar.Close()
	config.ProxyPort = portOf(sidecar.Listener.Addr())
	for host, want := range credentialEndpoints {
		if got := config.Explain(host, io.EOF); !strings.Contains(got.Error(), want) {
			t.Errorf("EOF from %s: %v, want %q", host, got, want)
		}
	}
	if got := config.Explain(host, io.EOF); !errors.Is(got, inmesh.ErrBlocked) || !errors.Is(got, io.EOF) {
		t.Errorf("EOF, with a sidecar: %v", got)
	}
}

func TestExplainResponse(t *testing.T) {
	tests := []struct {
		response string
		want     error
	}{
		{"200 OK\r\n\r\n", nil},
		{"403 Forbidden\r\n\r\n", nil},
		{"400 Bad Request\r\n\r\n{\"__type\":\"ValidationException\"}", nil},
		{"400 Bad Request\r\n\r\n<center>The plain HTTP request was sent to HTTPS port</center>", inmesh.ErrPlaintextSent},
		{"502 Bad Gateway\r\n\r\n", inmesh.ErrBlocked},
		{"503 Service Unavailable\r\nX-Amz-Request-Id: 1\r\n\r\n", nil},
		{"503 Slow Down\r\n\r\n<Error><Code>SlowDown</Code></Error>", nil},
		{"503 Service Unavailable\r\n\r\nupstream connect error or disconnect/reset before headers. reset reason: connection timeout", inmesh.ErrUpstream},
		{"503 Service Unavailable\r\n\r\nupstream connect error, transport failure reason: TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED", inmesh.ErrUpstream},
		{"504 Gateway Timeout\r\n\r\nupstream request timeout", inmesh.ErrUpstream},
	}
	for _, test := range tests {
		response := read(t, test.response) //nolint:bodyclose // it is a string
		err := inTheMesh.ExplainResponse(listed, response)
		if (err == nil) != (test.want == nil) || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("ExplainResponse(%q) = %v, want %v", test.response, err, test.want)
		}
		_, want, _ := strings.Cut(test.response, "\r\n\r\n")
		if body, err := io.ReadAll(response.Body); err != nil || string(body) != want {
			t.Errorf("body afterwards: %q, %v, want %q", body, err, want)
		}
	}
}

var inTheMesh = inmesh.Config{InMesh: true, Hosts: []string{listed}}

// What did not come through the sidecar is not its answer: through TLS, from a host that
// the mesh does not carry, or where there is none.
func TestExplainResponseOfOthers(t *testing.T) {
	for name, test := range map[string]struct {
		config inmesh.Config
		host   string
		tls    *tls.ConnectionState
	}{
		"TLS":                 {inTheMesh, listed, &tls.ConnectionState{}},
		"outside of the mesh": {inmesh.Config{Hosts: []string{listed}}, listed, nil},
		"a stand-in":          {inTheMesh, "localhost", nil},
		"IMDS of a node":      {inmesh.Config{ProxyPort: 1}, "169.254.169.254", nil},
	} {
		response := read(t, "502 Bad Gateway\r\n\r\n") //nolint:bodyclose // it is a string
		response.TLS = test.tls
		if err := test.config.ExplainResponse(test.host, response); err != nil {
			t.Errorf("%s: %v, want the answer as it is", name, err)
		}
	}
}

func TestExplainResponseOfCredentialEndpoint(t *testing.T) {
	sidecar := httptest.NewServer(nil)
	defer sidecar.Close()
	for host, want := range credentialEndpoints {
		response := read(t, "502 Bad Gateway\r\n\r\n") //nolint:bodyclose // it is a string
		err := inmesh.Config{ProxyPort: portOf(sidecar.Listener.Addr())}.ExplainResponse(host, response)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("502 from %s: %v, want %q", host, err, want)
		}
	}
}

// credentialEndpoints has what lets each of them out.
var credentialEndpoints = map[string]string{
	"169.254.169.254": "excludeOutboundIPRanges: 169.254.169.254/32;",
	"169.254.170.23":  "excludeOutboundIPRanges: 169.254.170.23/32;",
	"fd00:ec2::23":    "excludeOutboundIPRanges: fd00:ec2::23/128;",
}

func FuzzExplainResponse(f *testing.F) {
	f.Add(503, "upstream connect error \xff\x00")
	f.Fuzz(func(t *testing.T, status int, body string) {
		response := &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body))}
		_ = inTheMesh.ExplainResponse(listed, response)
		if got, err := io.ReadAll(response.Body); err != nil || string(got) != body {
			t.Errorf("body afterwards: %q, %v, want %q", got, err, body)
		}
	})
}

func read(t *testing.T, response string) *http.Response {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(strings.NewReader("HTTP/1.0 "+response)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
