package trace_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh/trace"
)

func TestMiddleware(t *testing.T) {
	incoming := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, name := range []string{
		"traceparent", "x-b3-traceid", "x-request-id", "baggage", "authorization", "cookie", "user-agent", "x-mine",
	} {
		incoming.Header.Set(name, name+" value")
	}
	tests := []struct {
		also []string
		want []string
	}{
		{nil, []string{"Traceparent", "X-B3-Traceid", "X-Request-Id"}},
		{[]string{"baggage"}, []string{"Baggage", "Traceparent", "X-B3-Traceid", "X-Request-Id"}},
		{[]string{"Authorization", "cookie", "x-mine"}, []string{"Traceparent", "X-B3-Traceid", "X-Mine", "X-Request-Id"}},
	}
	for _, test := range tests {
		var got []string
		next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			for name, values := range trace.FromContext(r.Context()) {
				got = append(got, name)
				if want := incoming.Header[name]; !slices.Equal(values, want) {
					t.Errorf("%s: %q, want %q", name, values, want)
				}
			}
		})
		trace.Middleware(next, test.also...).ServeHTTP(httptest.NewRecorder(), incoming)
		slices.Sort(got)
		if !slices.Equal(got, test.want) {
			t.Errorf("Middleware(next, %q) carries %q, want %q", test.also, got, test.want)
		}
	}
}

func TestNothingToCarry(t *testing.T) {
	ctx := context.Background()
	if got := trace.NewContext(ctx, http.Header{"Accept": {"*/*"}}); got != ctx {
		t.Error("a new context, though there is nothing to carry")
	}
	if got := trace.FromContext(ctx); got != nil {
		t.Errorf("FromContext(empty) = %v", got)
	}
}

func TestAddAndRemove(t *testing.T) {
	ctx := trace.NewContext(context.Background(), http.Header{"Traceparent": {"1"}, "Tracestate": {"a=1"}, "X-Request-Id": {"r"}})
	tests := []struct{ there, want http.Header }{
		{http.Header{}, http.Header{"Traceparent": {"1"}, "Tracestate": {"a=1"}, "X-Request-Id": {"r"}}},
		{http.Header{"X-Request-Id": {"mine"}}, http.Header{"Traceparent": {"1"}, "Tracestate": {"a=1"}, "X-Request-Id": {"mine"}}},
		{http.Header{"Traceparent": {"2"}}, http.Header{"Traceparent": {"2"}, "X-Request-Id": {"r"}}},
	}
	for _, test := range tests {
		got := test.there.Clone()
		if trace.Add(ctx, got); !maps.EqualFunc(got, test.want, slices.Equal) {
			t.Errorf("Add to %v makes %v, want %v", test.there, got, test.want)
		}
		if trace.Remove(ctx, got); len(got) > 0 {
			t.Errorf("Remove leaves %v", got)
		}
	}
	trace.Add(context.Background(), nil) // nothing to add, nothing written
}

// What the incoming request does later does not reach the AWS call.
func TestCarriesACopy(t *testing.T) {
	incoming := http.Header{"B3": {"0"}}
	ctx := trace.NewContext(context.Background(), incoming)
	incoming["B3"][0] = "changed"
	if got := trace.FromContext(ctx).Get("b3"); got != "0" {
		t.Errorf("b3: %q, want 0", got)
	}
}

func TestHeadersAreCanonical(t *testing.T) {
	for _, name := range trace.Headers() {
		if want := http.CanonicalHeaderKey(name); name != want {
			t.Errorf("Headers() has %q, want %q", name, want)
		}
	}
}
