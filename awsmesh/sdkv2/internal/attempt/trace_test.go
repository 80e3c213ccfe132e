package attempt_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2/internal/standin"
	"github.com/aws-mesh/aws-mesh/awsmesh/trace"
)

const (
	parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	child  = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"
)

func incoming() context.Context {
	return trace.NewContext(context.Background(), http.Header{"Traceparent": {parent}, "Tracestate": {"a=1"}, "X-Request-Id": {"7"}})
}

// Trace headers reach the sidecar with every attempt, and none of them is signed.
func TestTraceHeaders(t *testing.T) {
	answers := 0
	w := standin.New(t, func(w http.ResponseWriter, r *http.Request) {
		if answers++; answers < 3 {
			w.Header().Set("X-Amzn-Requestid", "1")
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		identity(w, r)
	})
	if _, err := newClient(t, w, w.Config(host)).GetCallerIdentity(incoming(), nil); err != nil {
		t.Fatal(err)
	}
	seen := w.Seen()
	if len(seen) != 3 {
		t.Fatalf("%d attempts, want 3", len(seen))
	}
	for _, r := range seen {
		if got := r.Header.Values("Traceparent"); len(got) != 1 || got[0] != parent || r.Header.Get("X-Request-Id") != "7" {
			t.Errorf("headers: %v", r.Header)
		}
		if names := signed(r); strings.Contains(names, "trace") || strings.Contains(names, "x-request-id") {
			t.Errorf("signed: %s", names)
		}
	}
}

// A tracer in the process knows better than the incoming request.
func TestTracerInTheProcess(t *testing.T) {
	w := standin.New(t, identity)
	tracer := middleware.FinalizeMiddlewareFunc("tracer", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		in.Request.(*smithyhttp.Request).Header.Set("Traceparent", child)
		return next.HandleFinalize(ctx, in)
	})
	_, err := newClient(t, w, w.Config(host)).GetCallerIdentity(incoming(), nil, sts.WithAPIOptions(func(s *middleware.Stack) error {
		return s.Finalize.Add(tracer, middleware.After)
	}))
	if err != nil {
		t.Fatal(err)
	}
	got := w.Seen()[0].Header
	if values := got.Values("Traceparent"); len(values) != 1 || values[0] != child {
		t.Errorf("traceparent: %q, want the tracer's", values)
	}
	if got.Get("Tracestate") != "" || got.Get("X-Request-Id") != "7" {
		t.Errorf("tracestate %q goes with another traceparent; x-request-id %q", got.Get("Tracestate"), got.Get("X-Request-Id"))
	}
}
