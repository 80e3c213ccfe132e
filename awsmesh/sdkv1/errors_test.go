package sdkv1_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/dynamodb"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv1"
)

// checkError wants an *inmesh.Error of kind in err and in its OrigErr.
func checkError(t *testing.T, err, kind error, text string) {
	t.Helper()
	var e awserr.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is not an awserr.Error", err)
	}
	for _, err := range []error{err, e.OrigErr()} {
		var found *inmesh.Error
		if !errors.As(err, &found) || !errors.Is(err, kind) {
			t.Errorf("%T is not %q: %v", err, kind, err)
		}
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%v does not contain %q", err, text)
		}
	}
}

// listener notes what comes in.
func listener(t *testing.T) (addr string, connections, bytes *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	connections, bytes = &atomic.Int64{}, &atomic.Int64{}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			n, _ := io.Copy(io.Discard, conn)
			bytes.Add(n)
		}
	}()
	return l.Addr().String(), connections, bytes
}

// dials is how often inmesh dials before it gives up; the SDK does not try again.
const dials = 4

func TestNotIntercepted(t *testing.T) {
	w := newWorld(t, nil)
	addr, connections, bytes := listener(t)
	w.dials[dynamoHost+":443"] = addr
	checkError(t, listTables(t, context.Background(), w.awsConfig()), inmesh.ErrNotIntercepted, "leave it to FromEnv")
	if connections.Load() > dials || bytes.Load() != 0 || len(w.addresses()) != dials {
		t.Errorf("%d connections, %d bytes, dialed %q: want %d and nothing sent", connections.Load(), bytes.Load(), w.addresses(), dials)
	}
}

// The error of a credentials call is found in that of the call which needed them.
func TestCredentialsNotIntercepted(t *testing.T) {
	for _, name := range []string{"web identity", "assume role"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			addr, _, bytes := listener(t)
			w.dials[stsHost+":443"] = addr
			file := filepath.Join(t.TempDir(), "file")
			text := "[default]\nrole_arn=arn:aws:iam::1:role/r\nsource_profile=base\n[profile base]\naws_access_key_id=B\naws_secret_access_key=s\n"
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if name == "web identity" {
				t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", file)
				t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/r")
			} else {
				t.Setenv("AWS_SDK_LOAD_CONFIG", "1")
				t.Setenv("AWS_CONFIG_FILE", file)
			}
			err := listTables(t, context.Background(), w.awsConfig().WithCredentials(nil))
			checkError(t, err, inmesh.ErrNotIntercepted, stsHost)
			if bytes.Load() != 0 {
				t.Errorf("%d bytes were sent", bytes.Load())
			}
		})
	}
}

func TestDisableSSL(t *testing.T) {
	w := newWorld(t, nil)
	err := listTables(t, context.Background(), w.awsConfig().WithDisableSSL(true))
	checkError(t, err, inmesh.ErrPlainHTTP, "leave out DisableSSL")
	if got := w.addresses(); got != nil {
		t.Errorf("dialed %q", got)
	}
}

// In the mesh with InMesh off: the sidecar expects plaintext.
func TestInMeshOff(t *testing.T) {
	w := newWorld(t, nil)
	w.dials[dynamoHost+":443"] = w.sidecar.Listener.Addr().String()
	err := listTables(t, context.Background(), prepared(sdkv1.AwsConfig(sdkv1.Config{})))
	checkError(t, err, inmesh.ErrBlocked, "InMesh is off")
	if !errors.Is(err, http.ErrSchemeMismatch) {
		t.Errorf("%v has lost what it was made from", err)
	}
}

// A host that is not listed, under REGISTRY_ONLY.
func TestReset(t *testing.T) {
	w := newWorld(t, nil)
	w.dials[otherHost+":443"] = resetting(t)
	err := listTables(t, context.Background(), w.awsConfig().WithRegion("us-east-1"))
	checkError(t, err, inmesh.ErrBlocked, "aws-mesh/services")
}

// What is not AWS's answer is named, in place of a SerializationError.
func TestAnswersOfTheSidecar(t *testing.T) {
	tests := []struct {
		status int
		body   string
		kind   error
	}{
		{503, "upstream connect error or disconnect/reset before headers. reset reason: connection timeout", inmesh.ErrUpstream},
		{502, "", inmesh.ErrBlocked},
		{400, "<html>The plain HTTP request was sent to HTTPS port</html>", inmesh.ErrPlaintextSent},
	}
	for _, test := range tests {
		w := newWorld(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, test.body)
		})
		err := listTables(t, context.Background(), w.awsConfig())
		checkError(t, err, test.kind, dynamoHost)
		var failure awserr.RequestFailure
		if !errors.As(err, &failure) || failure.StatusCode() != test.status {
			t.Errorf("%v: want status %d", err, test.status)
		}
	}
}

// An answer of AWS stays what it is, whatever it looks like: with its request id, or
// through TLS.
func TestAnswersOfAWS(t *testing.T) {
	answer := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-Requestid", "id")
		answer(w, r)
	})
	w.serveTLS(t, answer, otherHost)
	for _, region := range []string{"eu-west-1", "us-east-1"} {
		err := listTables(t, context.Background(), w.awsConfig().WithRegion(region))
		var found *inmesh.Error
		if err == nil || errors.As(err, &found) {
			t.Errorf("%s: %v", region, err)
		}
	}
}

// A stand-in for AWS answers by itself, in the mesh and outside.
func TestAnswersOfStandIn(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer server.Close()
	w := newWorld(t, nil)
	for _, config := range []*aws.Config{w.awsConfig(), prepared(sdkv1.AwsConfig(sdkv1.Config{}))} {
		err := listTables(t, context.Background(), config.WithEndpoint(server.URL))
		var found *inmesh.Error
		if err == nil || errors.As(err, &found) {
			t.Errorf("%v, want the SDK's own error", err)
		}
	}
}

// Requests are tried as often as the plain SDK tries them, but for one that has leaked:
// it must not leak again.
func TestAttempts(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"500": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"502": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"503": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "upstream connect error", http.StatusServiceUnavailable)
		},
		"leaked": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "plain HTTP request was sent to HTTPS port", http.StatusBadRequest)
		},
		"denied": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"__type":"AccessDeniedException"}`, http.StatusBadRequest)
		},
		"close": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"reset": func(w http.ResponseWriter, _ *http.Request) { reset(w) },
	}
	for name, answer := range answers {
		var n atomic.Int64
		counted := func(w http.ResponseWriter, r *http.Request) {
			n.Add(1)
			_, _ = io.Copy(io.Discard, r.Body)
			answer(w, r)
		}
		w := newWorld(t, counted)
		_ = listTables(t, context.Background(), w.awsConfig())
		ours := n.Swap(0)

		plain := httptest.NewServer(http.HandlerFunc(counted))
		_, err := dynamodb.New(session.Must(session.NewSession(prepared(aws.NewConfig().WithEndpoint(plain.URL))))).ListTables(nil)
		plain.Close()
		want := n.Load()
		if name == "leaked" {
			want = 1
		}
		if ours != want {
			t.Errorf("%s: %d attempts, want %d; the plain SDK: %v", name, ours, want, err)
		}
	}
}

func TestWrongConfig(t *testing.T) {
	w := newWorld(t, nil)
	w.config.Hosts = []string{"*"}
	c := w.awsConfig()
	if _, err := sdkv1.AwsSession("test", c); err == nil || !strings.Contains(err.Error(), `"*" may only stand`) {
		t.Errorf("AwsSession: %v", err)
	}
	sess, err := session.NewSession(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, endpoint := range []string{"", w.sidecar.URL} {
		attempts := 0
		r, _ := dynamodb.New(sess, aws.NewConfig().WithEndpoint(endpoint)).ListTablesRequest(nil)
		r.Handlers.Send.PushFront(func(*request.Request) { attempts++ })
		if err := r.Send(); err == nil || !strings.Contains(err.Error(), `"*" may only stand`) || attempts != 1 {
			t.Errorf("a plain session, endpoint %q: %v after %d attempts", endpoint, err, attempts)
		}
	}
	if got := w.addresses(); got != nil || len(w.requests()) != 0 {
		t.Errorf("dialed %q", got)
	}
}

// Hosts may be left to the environment; without any, nothing is sent.
func TestNoHosts(t *testing.T) {
	newWorld(t, nil)
	if _, err := sdkv1.AwsSession("test", sdkv1.AwsConfig(sdkv1.Config{InMesh: true})); err == nil ||
		!strings.Contains(err.Error(), awsmesh.EnvHosts) {
		t.Errorf("AwsSession: %v", err)
	}
}

func resetting(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1))
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

func reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}
