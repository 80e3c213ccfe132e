package attempt_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2/internal/standin"
)

// What the mesh answers is no error of AWS: it is explained, and tried again as often
// as before.
func TestAnswersOfTheMesh(t *testing.T) {
	tests := []struct {
		status   int
		body     string
		want     error
		attempts int
	}{
		{400, "<center>The plain HTTP request was sent to HTTPS port</center>", inmesh.ErrPlaintextSent, 1},
		{502, "", inmesh.ErrBlocked, 3},
		{503, "upstream connect error or disconnect/reset before headers", inmesh.ErrUpstream, 3},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.status), func(t *testing.T) {
			w := standin.New(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			intercepted := &responses{}
			client := newClient(t, w, w.Config(host), func(o *sts.Options) { o.Interceptors.AddBeforeDeserialization(intercepted) })

			_, err := client.GetCallerIdentity(t.Context(), nil)

			wantError(t, err, test.want)
			var status *awshttp.ResponseError
			var wrong *smithy.DeserializationError
			if !errors.As(err, &status) || status.HTTPStatusCode() != test.status || errors.As(err, &wrong) {
				t.Errorf("%v: want status %d and nothing about deserialization", err, test.status)
			}
			if got := len(w.Seen()); got != test.attempts {
				t.Errorf("%d attempts, want %d", got, test.attempts)
			}
			if got := w.Dials.Load(); got != 1 {
				t.Errorf("%d connections: the bodies of errors are not read to their end", got)
			}
			if intercepted.missing > 0 {
				t.Error("an interceptor was called for a response that it did not get")
			}
		})
	}
}

func TestAnswersOfAWS(t *testing.T) {
	w := standin.New(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>ExpiredToken</Code><Message>m</Message></Error></ErrorResponse>`)
	})
	_, err := newClient(t, w, w.Config(host)).GetCallerIdentity(t.Context(), nil)
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "ExpiredToken" {
		t.Errorf("%v, want AWS's own error", err)
	}
}

// Through TLS of its own, an application is answered by AWS alone, or by what it has in
// AWS's place.
func TestAnswersOutsideOfTheMesh(t *testing.T) {
	for status, body := range map[int]string{
		502: "", 504: "upstream request timeout",
		503: `<ErrorResponse><Error><Code>SlowDown</Code></Error></ErrorResponse>`,
	} {
		w := standin.New(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
		w.Intercepts.Store(false)
		_, err := newClient(t, w, inmesh.Config{}).GetCallerIdentity(t.Context(), nil)
		var mesh *inmesh.Error
		var api smithy.APIError
		if errors.As(err, &mesh) || status == 503 && (!errors.As(err, &api) || api.ErrorCode() != "SlowDown") {
			t.Errorf("%d: %v, want the SDK's own error", status, err)
		}
	}
}

// What the sidecar answers in the place of a credential endpoint is explained, over IPv6
// too.
func TestAnswersForCredentialEndpoints(t *testing.T) {
	w := standin.New(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	for url, want := range map[string]string{
		"http://169.254.170.23/v1/credentials": "169.254.170.23/32", "http://[fd00:ec2::23]/v1/credentials": "fd00:ec2::23/128",
	} {
		_, err := send(t.Context(), t, w, w.Config(host), url, nil)
		if !errors.Is(err, inmesh.ErrBlocked) || !strings.Contains(err.Error(), "excludeOutboundIPRanges: "+want) {
			t.Errorf("GET %s: %v, want the annotation with %s", url, err, want)
		}
	}
}

// No sidecar and no route: not one byte of the request. Of one attempt inmesh makes four
// where the kernel may have mixed up two ports.
func TestRefused(t *testing.T) {
	tests := []struct {
		intercepts bool
		change     func(*sts.Options)
		want       error
		dials      int32
	}{
		{false, func(*sts.Options) {}, inmesh.ErrNotIntercepted, 4},
		{true, func(*sts.Options) {}, inmesh.ErrNoRoute, 3}, // one may be on its way
		{true, func(o *sts.Options) { o.EndpointOptions.DisableHTTPS = true }, inmesh.ErrPlainHTTP, 0},
		{true, func(o *sts.Options) { o.BaseEndpoint = new("http://" + host + ":8080") }, inmesh.ErrPlainHTTP, 0},
		{false, func(o *sts.Options) { o.BaseEndpoint = new("http://" + host + ":443") }, inmesh.ErrNotIntercepted, 4},
	}
	for _, test := range tests {
		w := standin.New(t, identity)
		w.Intercepts.Store(test.intercepts)
		w.Route.Store(false)
		_, err := newClient(t, w, w.Config(host), test.change).GetCallerIdentity(incoming(), nil)
		wantError(t, err, test.want)
		if got, seen := w.Dials.Load(), w.Seen(); got != test.dials || len(seen) != 0 {
			t.Errorf("%v: %d connections, want %d; arrived: %v", test.want, got, test.dials, seen)
		}
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := standin.New(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := newClient(t, w, w.Config(host)).GetCallerIdentity(ctx, nil)
	var canceled *smithy.CanceledError
	var mesh *inmesh.Error
	if !errors.As(err, &canceled) || !errors.Is(err, context.Canceled) || errors.As(err, &mesh) {
		t.Errorf("%v, want a smithy.CanceledError", err)
	}
}

// An application that does TLS to a sidecar that expects plaintext is told so.
func TestSchemeMismatch(t *testing.T) {
	w := standin.New(t, identity)
	config := w.Config(host)
	config.InMesh = false
	_, err := newClient(t, w, config).GetCallerIdentity(t.Context(), nil)
	wantError(t, err, inmesh.ErrBlocked)
	if !errors.Is(err, http.ErrSchemeMismatch) {
		t.Errorf("%v, want also http.ErrSchemeMismatch", err)
	}
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	var mesh *inmesh.Error
	var operation *smithy.OperationError
	var send *smithyhttp.RequestSendError
	if !errors.Is(err, want) || !errors.As(err, &mesh) || mesh.Host != host || mesh.Cure == "" {
		t.Errorf("%v, want %v with host and cure", err, want)
	}
	if !errors.As(err, &operation) || !errors.As(err, &send) {
		t.Errorf("%v: want the SDK's types around it", err)
	}
}

// responses counts calls without a response.
type responses struct{ missing int }

func (r *responses) BeforeDeserialization(_ context.Context, c *smithyhttp.InterceptorContext) error {
	if c.Response == nil {
		r.missing++
	}
	return nil
}
