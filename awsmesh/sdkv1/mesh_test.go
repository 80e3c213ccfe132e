package sdkv1_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/dynamodb"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv1"
)

const (
	podUID     = "6c1c7ab6-8f0e-4a5e-9a3f-0b1a6a0d6f0e"
	dynamoHost = "dynamodb.eu-west-1.amazonaws.com"
	stsHost    = "sts.amazonaws.com"
	secretKey  = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// A world is a pod with a sidecar, and a network: it takes a connection to where dials
// says, the addresses of listed hosts to the sidecar, and others nowhere.
type world struct {
	config  sdkv1.Config
	sidecar *httptest.Server
	dials   map[string]string // address → where it ends
	pool    *x509.CertPool    // what http.DefaultTransport trusts

	mu     sync.Mutex
	seen   []*http.Request // by the sidecar, without the questions about routes
	dialed []string
}

// newWorld stands in for http.DefaultTransport until the test ends. A nil answer is
// that of DynamoDB without tables.
func newWorld(t *testing.T, answer http.HandlerFunc, hosts ...string) *world {
	t.Helper()
	clearEnv(t)
	if hosts == nil {
		hosts = []string{dynamoHost, stsHost, "*.s3.eu-west-1.amazonaws.com", "s3.eu-west-1.amazonaws.com"}
	}
	if answer == nil {
		answer = noTables
	}
	w := &world{dials: map[string]string{}, pool: x509.NewCertPool()}
	w.sidecar = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get(awsmesh.RouteHeader) == awsmesh.RouteAsk {
			rw.Header().Set(awsmesh.RouteHeader, podUID)
			rw.WriteHeader(http.StatusNoContent)
			return
		}
		w.mu.Lock()
		w.seen = append(w.seen, r.Clone(context.Background()))
		w.mu.Unlock()
		answer(rw, r)
	}))
	t.Cleanup(w.sidecar.Close)
	w.config = sdkv1.Config{
		InMesh: true, Hosts: hosts, PodUID: podUID, Label: "test", RouteWait: -1, Logger: slog.New(slog.DiscardHandler),
		ProxyPort: uint16(w.sidecar.Listener.Addr().(*net.TCPAddr).Port), //nolint:gosec // a port
	}

	before := http.DefaultTransport
	http.DefaultTransport = &http.Transport{
		DialContext: w.dial, TLSClientConfig: &tls.Config{RootCAs: w.pool}, ForceAttemptHTTP2: true, //nolint:gosec // loopback
	}
	t.Cleanup(func() { http.DefaultTransport = before })
	return w
}

func (w *world) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	w.mu.Lock()
	w.dialed = append(w.dialed, addr)
	to, known := w.dials[addr]
	w.mu.Unlock()
	host, port, _ := net.SplitHostPort(addr)
	switch {
	case known:
	case port == "443" && awsmesh.MatchHost(w.config.Hosts, host):
		to = w.sidecar.Listener.Addr().String()
	case net.ParseIP(host).IsLoopback():
		to = addr
	default:
		return nil, errors.New("no way to " + addr)
	}
	return (&net.Dialer{}).DialContext(ctx, network, to)
}

func (w *world) requests() []*http.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.seen)
}

func (w *world) addresses() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.dialed)
}

// awsConfig has static credentials and no delays between attempts.
func (w *world) awsConfig() *aws.Config {
	return prepared(sdkv1.AwsConfig(w.config))
}

func prepared(c *aws.Config) *aws.Config {
	c.SleepDelay = func(time.Duration) {}
	return c.WithRegion("eu-west-1").WithCredentials(credentials.NewStaticCredentials("AKID", secretKey, "TOKEN"))
}

func newSession(t *testing.T, c *aws.Config) *session.Session {
	t.Helper()
	sess, err := sdkv1.AwsSession("test", c)
	if err != nil {
		t.Fatal(err)
	}
	return sess
}

func listTables(t *testing.T, ctx context.Context, c *aws.Config) error { //nolint:revive // t is first in tests
	t.Helper()
	_, err := dynamodb.New(newSession(t, c)).ListTablesWithContext(ctx, &dynamodb.ListTablesInput{})
	return err
}

func noTables(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_, _ = io.WriteString(w, `{"TableNames":[]}`)
}

// serveTLS serves names with a certificate that w's network trusts.
func (w *world) serveTLS(t *testing.T, answer http.HandlerFunc, names ...string) (certificate []byte) {
	t.Helper()
	s, certificate := newTLS(t, answer, names...)
	for _, name := range names {
		w.dials[name+":443"] = s.Listener.Addr().String()
	}
	parsed, err := x509.ParseCertificate(certificate)
	if err != nil {
		t.Fatal(err)
	}
	w.pool.AddCert(parsed)
	return certificate
}

func newTLS(t *testing.T, answer http.HandlerFunc, names ...string) (*httptest.Server, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: names, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(answer)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // a client may not like the certificate
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}} //nolint:gosec // loopback
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, certificate
}

// clearEnv leaves nothing of the machine's AWS settings.
func clearEnv(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": dir + "/config", "AWS_SHARED_CREDENTIALS_FILE": dir + "/credentials",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "",
		"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "", "AWS_STS_REGIONAL_ENDPOINTS": "",
		"AWS_CA_BUNDLE": "", "AWS_SDK_LOAD_CONFIG": "", "AWS_MESH_IN_MESH": "", "AWS_MESH_HOSTS": "", "AWS_MESH_POD_UID": "",
	} {
		t.Setenv(name, value)
	}
}

// signedHeaders are those named by the request's signature.
func signedHeaders(r *http.Request) []string {
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
	list, _, _ := strings.Cut(rest, ",")
	return strings.Split(list, ";")
}
