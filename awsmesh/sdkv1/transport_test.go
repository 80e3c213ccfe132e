package sdkv1_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/private/protocol/eventstream"
	"github.com/aws/aws-sdk-go/service/dynamodb"
	"github.com/aws/aws-sdk-go/service/kinesis"
	"github.com/aws/aws-sdk-go/service/s3/s3manager"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv1"
)

const otherHost = "dynamodb.us-east-1.amazonaws.com"

// Outside of the mesh the SDK is left as it is.
func TestOutside(t *testing.T) {
	c := sdkv1.AwsConfig(sdkv1.Config{Hosts: []string{dynamoHost}, Label: "x"})
	if c.HTTPClient != nil || c.Endpoint != nil || c.EndpointResolver != nil || c.DisableSSL != nil || c.Logger != nil {
		t.Errorf("AwsConfig = %+v", c)
	}
}

// A plain session is in the mesh, too.
func TestPlainSession(t *testing.T) {
	w := newWorld(t, nil)
	sess, err := session.NewSession(w.awsConfig())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dynamodb.New(sess).ListTables(nil); err != nil {
		t.Fatal(err)
	}
	if got := w.requests(); len(got) != 1 || got[0].TLS != nil || got[0].Host != dynamoHost {
		t.Errorf("requests to the sidecar: %v", got)
	}
}

func TestEndpoint(t *testing.T) {
	w := newWorld(t, nil)
	server := httptest.NewServer(http.HandlerFunc(noTables))
	defer server.Close()
	w.config.Endpoint = server.URL
	if err := listTables(t, context.Background(), w.awsConfig()); err != nil {
		t.Error(err)
	}
	if got := w.requests(); got != nil {
		t.Errorf("requests to the sidecar: %v", got)
	}
}

func TestNilConfig(t *testing.T) {
	clearEnv(t)
	t.Setenv("AWS_REGION", "eu-west-1")
	if sess := newSession(t, nil); aws.StringValue(sess.Config.Region) != "eu-west-1" {
		t.Errorf("region %q", aws.StringValue(sess.Config.Region))
	}
}

// A default transport that somebody wrapped is of no use: the SDK could not put a CA
// bundle into it.
func TestWrappedDefaultTransport(t *testing.T) {
	w := newWorld(t, nil)
	before := http.DefaultTransport
	defer func() { http.DefaultTransport = before }()
	http.DefaultTransport = struct{ http.RoundTripper }{before}
	if _, ok := sdkv1.AwsConfig(w.config).HTTPClient.Transport.(*http.Transport); !ok {
		t.Error("the transport is not an *http.Transport")
	}
}

// A default transport that dials in its own way goes on to do so, in the old form too.
func TestDialerOfDefaultTransport(t *testing.T) {
	w := newWorld(t, nil)
	dialed := false
	http.DefaultTransport = &http.Transport{Dial: func(network, addr string) (net.Conn, error) { //nolint:staticcheck // it is what is tested
		dialed = true
		return w.dial(context.Background(), network, addr)
	}}
	if err := listTables(t, context.Background(), w.awsConfig()); err != nil || !dialed {
		t.Errorf("dialed: %v; %v", dialed, err)
	}
}

// A default transport may be in the mesh already.
func TestInstalledDefaultTransport(t *testing.T) {
	w := newWorld(t, nil)
	if err := w.config.Install(http.DefaultTransport.(*http.Transport)); err != nil {
		t.Fatal(err)
	}
	if err := listTables(t, context.Background(), w.awsConfig()); err != nil {
		t.Error(err)
	}
}

func TestCABundle(t *testing.T) {
	w := newWorld(t, nil)
	server, certificate := newTLS(t, noTables, otherHost)
	w.dials[otherHost+":443"] = server.Listener.Addr().String()
	call := func() error { return listTables(t, context.Background(), w.awsConfig().WithRegion("us-east-1")) }
	if err := call(); err == nil || !strings.Contains(err.Error(), "x509") {
		t.Errorf("without a bundle: %v", err)
	}
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CA_BUNDLE", bundle)
	if err := call(); err != nil {
		t.Errorf("with AWS_CA_BUNDLE: %v", err)
	}
}

// An HTTP proxy is asked for hosts that are not listed, and neither for the sidecar's
// nor for link-local addresses.
func TestHTTPProxy(t *testing.T) {
	w := newWorld(t, nil)
	local := httptest.NewServer(http.HandlerFunc(agent))
	defer local.Close()
	w.dials["169.254.170.2:80"] = local.Listener.Addr().String()
	w.dials["[fd00:ec2::23]:80"] = local.Listener.Addr().String()
	var asked atomic.Pointer[http.Request]
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r)
		w.WriteHeader(http.StatusForbidden)
	}))
	defer proxy.Close()
	at, _ := url.Parse(proxy.URL)
	http.DefaultTransport.(*http.Transport).Proxy = http.ProxyURL(at)
	c := w.awsConfig()

	for _, test := range []struct{ url, want string }{
		{"https://" + dynamoHost + "/", ""},
		{"http://169.254.170.2/v2/credentials/guid", ""},
		{"http://[fd00:ec2::23]/v2/credentials/guid", ""},
		{"https://" + otherHost + "/", otherHost + ":443"},
		{"http://example.com/", "example.com"},
	} {
		asked.Store(nil)
		response, err := c.HTTPClient.Get(test.url)
		if err == nil {
			_ = response.Body.Close()
		}
		got := ""
		if r := asked.Load(); r != nil {
			got = r.Host
		}
		if got != test.want {
			t.Errorf("GET %s: the proxy was asked for %q, want %q; %v", test.url, got, test.want, err)
		}
	}
}

// A redirect to plain HTTP is not followed out of the mesh, at whatever hop: keys may be
// in the headers. One from a stand-in is, as without us.
func TestRedirectToPlainHTTP(t *testing.T) {
	w := newWorld(t, nil)
	arrived := 0
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived++ }))
	defer plain.Close()
	toPlain := http.RedirectHandler(plain.URL, http.StatusTemporaryRedirect)
	w.serveTLS(t, toPlain.ServeHTTP, otherHost)
	w.sidecar.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/far" {
			http.Redirect(rw, r, "https://"+otherHost, http.StatusTemporaryRedirect)
			return
		}
		toPlain.ServeHTTP(rw, r)
	})
	standIn := httptest.NewServer(toPlain)
	defer standIn.Close()
	w.config.TrustRoute = true
	for target, want := range map[string]int{"https://" + dynamoHost: 0, "https://" + dynamoHost + "/far": 0, "https://" + otherHost: 1, standIn.URL: 1} {
		arrived = 0
		response, err := w.awsConfig().HTTPClient.Get(target)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if arrived != want {
			t.Errorf("GET %s: %s, %d requests after the redirect, want %d", target, response.Status, arrived, want)
		}
	}
}

// Parts of an upload go through the sidecar, in plaintext, as they are.
func TestUpload(t *testing.T) {
	var size atomic.Int64
	w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		size.Add(n)
		w.Header().Set("Etag", `"e"`)
		if r.Method == http.MethodPost {
			size.Add(-n)
			_, _ = io.WriteString(w, "<Result><UploadId>u</UploadId><Location>l</Location></Result>")
		}
	})
	const want = 11 << 20
	body := io.LimitReader(zeros{}, want) // not seekable
	_, err := s3manager.NewUploader(newSession(t, w.awsConfig())).UploadWithContext(incoming(),
		&s3manager.UploadInput{Bucket: new("bucket"), Key: new("a b/ü"), Body: body})
	if err != nil {
		t.Fatal(err)
	}
	if size.Load() != want || len(w.requests()) != 5 {
		t.Errorf("%d bytes in %d requests", size.Load(), len(w.requests()))
	}
	checkTraced(t, w.requests())
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// Event streams of a host that is not listed keep HTTP/2.
func TestEventStream(t *testing.T) {
	w := newWorld(t, nil)
	var proto string
	w.serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		proto = r.Proto
		for _, event := range []string{"initial-response", "SubscribeToShardEvent"} {
			_, _ = w.Write(frame(t, event))
		}
	}, "kinesis.eu-west-1.amazonaws.com")
	out, err := kinesis.New(newSession(t, w.awsConfig())).SubscribeToShard(&kinesis.SubscribeToShardInput{
		ConsumerARN: new("arn:aws:kinesis:eu-west-1:1:stream/s/consumer/c:1"), ShardId: new("shard"),
		StartingPosition: &kinesis.StartingPosition{Type: new("LATEST")},
	})
	if err != nil {
		t.Fatal(err)
	}
	events := 0
	for range out.EventStream.Events() {
		events++
	}
	if err := out.EventStream.Close(); err != nil || events != 1 || proto != "HTTP/2.0" {
		t.Errorf("%d events with %s, %v", events, proto, err)
	}
}

func frame(t *testing.T, event string) []byte {
	t.Helper()
	message := eventstream.Message{Payload: []byte(`{"ContinuationSequenceNumber":"1"}`)}
	message.Headers.Set(":message-type", eventstream.StringValue("event"))
	message.Headers.Set(":event-type", eventstream.StringValue(event))
	var b bytes.Buffer
	if err := eventstream.NewEncoder(&b).Encode(message); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
