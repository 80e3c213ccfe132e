package v2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws" //nolint:staticcheck // deprecated without a successor, and much used
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

// OpenTelemetry is Traced in an application which takes part in the trace, with a span
// of its own for each call.
func OpenTelemetry(ctx context.Context, in app.Input) (string, error) {
	cfg, err := load(ctx, in)
	if err != nil {
		return "", err
	}
	w3c := propagation.TraceContext{}
	otelaws.AppendMiddlewares(&cfg.APIOptions, otelaws.WithTracerProvider(sdktrace.NewTracerProvider()), otelaws.WithTextMapPropagator(w3c))
	t := table{dynamodb.NewFromConfig(cfg), new(in.Name("orders"))}
	app.Traced(ctx, func(ctx context.Context) {
		ctx = w3c.Extract(ctx, propagation.MapCarrier{"traceparent": app.Traceparent})
		if err = t.create(ctx); err == nil {
			err = t.put(ctx, "ann", "1")
		}
	})
	return "put: " + code(err), nil
}
