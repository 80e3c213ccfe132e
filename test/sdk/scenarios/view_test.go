package scenarios

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/pod"
	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

// A view is what one call looks like from everywhere.
type view struct {
	order   order
	outcome outcome      // to the application
	records []aws.Record // to AWS
	flows   []pod.Flow   // to the network between
}

// look has the application p, in m, make a call, and looks.
func look(t *testing.T, s *stage.Stage, m *pod.Machine, p *stage.Process, o order) view {
	t.Helper()
	looked := watch(t, s, m)
	return looked(o, stage.Ask[outcome](t, p, o))
}

// watch begins to look. Its result returns what was seen of one call meanwhile.
func watch(t *testing.T, s *stage.Stage, m *pod.Machine) func(order, outcome) view {
	t.Helper()
	capture := s.Capture(t, m)
	before := len(s.AWS.Records())
	return func(o order, told outcome) view {
		t.Helper()
		defer capture.Close()
		flows, err := capture.Flows()
		if err != nil {
			t.Fatal(err)
		}
		flows = slices.DeleteFunc(flows, func(f pod.Flow) bool { return f.To.Port() != 443 })
		return view{order: o, outcome: told, records: s.AWS.Records()[before:], flows: flows}
	}
}

func (o order) String() string {
	what := "DynamoDB"
	if o.Bucket != "" {
		what = "S3 bucket " + o.Bucket
	}
	return fmt.Sprintf("%s, %s", o.SDK, what)
}

// host is where the order goes.
func (o order) host() string {
	if o.Bucket != "" {
		return o.Bucket + ".s3." + stage.Region + ".amazonaws.com"
	}
	return "dynamodb." + stage.Region + ".amazonaws.com"
}

// wantAnswered demands that AWS answered one request, which came by TLS with the name of
// its host and a good signature.
func (v view) wantAnswered(t *testing.T) {
	t.Helper()
	if !v.outcome.answered() {
		t.Errorf("%v: %v, want an answer of AWS", v.order, v.outcome)
	}
	var signed []aws.Record
	for _, r := range v.records {
		if !isQuestion(r) {
			signed = append(signed, r)
		}
	}
	if len(signed) != 1 {
		t.Fatalf("%v: AWS has %d requests, want 1: %+v", v.order, len(signed), signed)
	}
	r := signed[0]
	if r.Via != aws.ViaTLS || r.SNI != v.order.host() || r.Host != v.order.host() || r.Verdict != aws.Valid ||
		r.Protocol != "HTTP/1.1" || !strings.Contains(r.Header.Get("User-Agent"), v.order.Token) {
		t.Errorf("%v: AWS has %+v, want it by TLS for %s, signature valid", v.order, r, v.order.host())
	}
}

// isQuestion reports whether r asks for the route, and tells nothing else.
func isQuestion(r aws.Record) bool {
	return r.Via == aws.ViaPlaintext && asks(r)
}

// asks reports the same of a request that may have come in TLS: a sidecar does that to the
// question, too, while it has no VirtualService.
func asks(r aws.Record) bool {
	return r.Method == http.MethodHead && r.URI == "/" && asksOnly(r.Header) && r.BodyBytes == 0
}

// asksOnly reports whether h has nothing but the question about the route, and what a
// sidecar adds that passes it on as HTTP.
func asksOnly(h http.Header) bool {
	for name := range h {
		switch name {
		case "X-Aws-Mesh-Route", "X-Request-Id", "X-Forwarded-Proto", "X-Envoy-Attempt-Count":
		default:
			return false
		}
	}
	return h.Get("X-Aws-Mesh-Route") == "ask"
}

// onlyAsks reports whether plaintext is one question about the route to host, and not a
// byte more.
func onlyAsks(plaintext []byte, host string) bool {
	rest := bufio.NewReader(bytes.NewReader(plaintext))
	r, err := http.ReadRequest(rest)
	return err == nil && rest.Buffered() == 0 && r.Method == http.MethodHead && r.RequestURI == "/" && r.Host == host &&
		r.ContentLength == 0 && asksOnly(r.Header)
}

// wantError demands an error of that kind, with reason, cure and host.
func (v view) wantError(t *testing.T, kind string) {
	t.Helper()
	o := v.outcome
	if o.Kind != kind || o.Host != v.order.host() || o.Reason == "" || o.Cure == "" || o.Flaw != "" {
		t.Errorf("%v: %v, want an error of the kind %q for %s", v.order, o, kind, v.order.host())
	}
}

// wantNoRequest demands that AWS has had nothing but questions.
func (v view) wantNoRequest(t *testing.T) {
	t.Helper()
	for _, r := range v.records {
		if !isQuestion(r) {
			t.Errorf("%v: AWS has %+v", v.order, r)
		}
	}
}

// wantNothingPlain demands that all that left was TLS.
func (v view) wantNothingPlain(t *testing.T) {
	t.Helper()
	for _, f := range v.flows {
		if len(f.Plaintext) > 0 {
			t.Errorf("%v: plaintext left for %s: %.300q", v.order, f.To, f.Plaintext)
		}
	}
}

// wantQuestions demands that a question left, and that all plaintext is questions.
func (v view) wantQuestions(t *testing.T) {
	t.Helper()
	asked := false
	for _, f := range v.flows {
		if len(f.Plaintext) == 0 {
			continue
		}
		asked = true
		if !onlyAsks(f.Plaintext, v.order.host()) {
			t.Errorf("%v: %.300q left for %s, want nothing but the question about the route", v.order, f.Plaintext, f.To)
		}
	}
	if !asked {
		t.Errorf("%v: no question left: the capture proves nothing", v.order)
	}
}

// wantNothingSent demands that not one byte left.
func (v view) wantNothingSent(t *testing.T) {
	t.Helper()
	if len(v.flows)+len(v.records) > 0 {
		t.Errorf("%v: %+v left, AWS has %+v, want nothing", v.order, v.flows, v.records)
	}
}

// wait waits until f returns nil.
func wait(t *testing.T, what string, f func() error) {
	t.Helper()
	if err := until(t.Context(), f); err != nil {
		t.Fatalf("waited for this in vain: %s: %v", what, err)
	}
}

// until calls f until it returns nil, for two minutes, and then returns its last error.
func until(ctx context.Context, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
