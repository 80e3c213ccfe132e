package test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws" //nolint:staticcheck // deprecated, and in wide use
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2/internal/standin"
	"github.com/aws-mesh/aws-mesh/awsmesh/trace"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// With otelaws, before or after the mesh: its span is what the sidecar gets, once and
// unsigned, with every attempt, and it sees the response.
func TestOtelaws(t *testing.T) {
	for _, first := range []bool{true, false} {
		attempts := 0
		w := standin.New(t, func(w http.ResponseWriter, _ *http.Request) {
			if attempts++; attempts == 1 {
				w.WriteHeader(http.StatusInternalServerError)
			}
			_, _ = io.WriteString(w, `{"TableNames":[]}`)
		})
		spans := tracetest.NewSpanRecorder()
		propagator := propagation.TraceContext{}
		var otel []func(*middleware.Stack) error
		otelaws.AppendMiddlewares(&otel, otelaws.WithTextMapPropagator(propagator),
			otelaws.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))))
		mesh := option(t, w, "dynamodb.eu-west-1.amazonaws.com")
		options := append(otel, mesh)
		if !first {
			options = append([]func(*middleware.Stack) error{mesh}, otel...)
		}
		client := dynamodb.New(dynamodb.Options{Region: region, Credentials: key{}, APIOptions: options, HTTPClient: broken{}})

		header := http.Header{"Traceparent": {parent}, "Tracestate": {"a=1"}}
		ctx := propagator.Extract(trace.NewContext(context.Background(), header), propagation.HeaderCarrier(header))
		if _, err := client.ListTables(ctx, nil); err != nil {
			t.Fatal(err)
		}

		span := spans.Ended()[0]
		want := "00-0af7651916cd43dd8448eb211c80319c-" + span.SpanContext().SpanID().String() + "-01"
		seen := w.Seen()
		if len(seen) != 2 {
			t.Fatalf("%d attempts, want 2", len(seen))
		}
		for _, r := range seen {
			if got := r.Header.Values("Traceparent"); !r.Sidecar || len(got) != 1 || got[0] != want {
				t.Errorf("traceparent %q, want %q; at the sidecar: %v", got, want, r.Sidecar)
			}
			if got := r.Header.Values("Tracestate"); len(got) != 1 || got[0] != "a=1" {
				t.Errorf("tracestate %q", got)
			}
			if strings.Contains(r.Header.Get("Authorization"), "trace") {
				t.Errorf("signed: %s", r.Header.Get("Authorization"))
			}
		}
		status := false
		for _, a := range span.Attributes() {
			status = status || string(a.Key) == "http.response.status_code" && a.Value.AsInt64() == http.StatusOK
		}
		if !status {
			t.Errorf("the span has no status: %v", span.Attributes())
		}
	}
}
