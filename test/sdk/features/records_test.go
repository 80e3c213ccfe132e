package features

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh/trace"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

// proper reports what is wrong with a request of an application in the mesh: it has to
// come from the sidecar, in TLS to the host's name, with a signature that holds and that
// covers no header which a sidecar may change.
func proper(r *aws.Record) error {
	if r.Via == aws.ViaLinkLocal {
		return nil
	}
	if r.Via != aws.ViaTLS || r.SNI != strings.TrimSuffix(r.Host, ":443") {
		return fmt.Errorf("came in %s with SNI %q", r.Via, r.SNI)
	}
	if r.Header.Get("X-Request-Id") == "" {
		return fmt.Errorf("was not sent by the sidecar, which numbers requests")
	}
	if r.Verdict != aws.Valid {
		return fmt.Errorf("signature %s: %s", r.Verdict, r.Problem)
	}
	for name := range r.Header {
		signed := slices.Contains(r.SignedHeaders, strings.ToLower(name))
		if signed && slices.Contains(trace.Headers(), name) {
			return fmt.Errorf("%s is signed", name)
		}
		if strings.HasPrefix(name, "X-Envoy-") || strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "X-Aws-Mesh-") {
			return fmt.Errorf("%s is none of AWS's business", name)
		}
	}
	return nil
}

// What need not be proper.

// mismatched is a request that S3 refuses for its signature.
func mismatched(r *aws.Record) bool {
	return r.Status == http.StatusForbidden && r.Verdict == aws.Invalid
}

// redirected is one that net/http has stripped of its signature, to another host.
func redirected(r *aws.Record) bool {
	return r.Status == http.StatusForbidden && r.Verdict == aws.Unsigned
}

// webIdentity is one of STS, to which the token is proof enough.
func webIdentity(r *aws.Record) bool {
	return strings.HasPrefix(r.Host, "sts.") && r.Status == http.StatusOK && r.Verdict == aws.Unsigned
}

// Checks of single features.

// called demands that the last request is for host.
func called(host string) check {
	return func(records []aws.Record) error {
		if got := records[len(records)-1].Host; strings.TrimSuffix(got, ":443") != host {
			return fmt.Errorf("%s was called, want %s", got, host)
		}
		return nil
	}
}

// session demands that the last request was signed with temporary credentials.
func session(records []aws.Record) error {
	if r := records[len(records)-1]; r.Service != "dynamodb" || !strings.HasPrefix(r.AccessKeyID, "ASIA") {
		return fmt.Errorf("the last request is to %s, signed by %s, want one to DynamoDB by a session", r.Host, r.AccessKeyID)
	}
	return nil
}

// traced demands the incoming request's trace headers on all requests, and no other of
// its headers.
func traced(records []aws.Record) error {
	for _, r := range records {
		want := map[string]string{"Traceparent": app.Traceparent, "X-Request-Id": app.RequestID, "X-B3-Traceid": app.TraceID}
		for name, value := range want {
			if got := r.Trace.Get(name); got != value {
				return fmt.Errorf("%s is %q, want %q", name, got, value)
			}
		}
		if got := r.Header.Get("Authorization"); !strings.HasPrefix(got, "AWS4-HMAC-SHA256 ") {
			return fmt.Errorf("the incoming request's Authorization went to AWS")
		}
	}
	return nil
}

// spans demands that each call is a span of its own in the incoming request's trace.
func spans(records []aws.Record) error {
	trace := app.Traceparent[:len("00-0af7651916cd43dd8448eb211c80319c-")]
	for _, r := range records {
		if span := r.Trace.Get("Traceparent"); !strings.HasPrefix(span, trace) || span == app.Traceparent {
			return fmt.Errorf("Traceparent is %q, want a new span in %q", span, trace)
		}
		if got := r.Trace.Get("X-Request-Id"); got != app.RequestID {
			return fmt.Errorf("X-Request-Id is %q, want %q", got, app.RequestID)
		}
	}
	return nil
}

// again demands that the first request went wrong and was sent again, as it was.
func again(records []aws.Record) error {
	if len(records) < 2 || records[0].Fault == "" {
		return fmt.Errorf("%d requests, want one that goes wrong, and another", len(records))
	}
	first, second := records[0], records[1]
	if second.Fault != "" || second.Header.Get("X-Amz-Target") != first.Header.Get("X-Amz-Target") || second.BodySHA256 != first.BodySHA256 {
		return fmt.Errorf("%s follows %s, want the same request", second.Header.Get("X-Amz-Target"), first.Header.Get("X-Amz-Target"))
	}
	return nil
}

func both(one, two check) check {
	return func(records []aws.Record) error {
		if err := one(records); err != nil {
			return err
		}
		return two(records)
	}
}

// trailers demands three objects whose checksum came behind the body.
func trailers(records []aws.Record) error {
	n := 0
	for _, r := range records {
		if r.Header.Get("X-Amz-Trailer") != "" && strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
			n++
		}
	}
	if n != 3 {
		return fmt.Errorf("%d objects with a trailer, want 3", n)
	}
	return nil
}

// asked demands that Expect came through to AWS, and its answer back: of the object that
// was refused, not a byte was sent.
func asked(records []aws.Record) error {
	for _, r := range records {
		if r.Method == http.MethodPut && r.URI != "/" && r.Header.Get("Expect") != "100-continue" {
			return fmt.Errorf("PUT https://%s%s does not ask", r.Host, r.URI)
		}
	}
	if r := records[len(records)-1]; r.Status != http.StatusForbidden || r.BodyBytes > 0 {
		return fmt.Errorf("the last request was answered %d and sent %d bytes, want a refusal and none", r.Status, r.BodyBytes)
	}
	return nil
}

// keys demands that each key without dots was in the path as AWS has it.
func keys(records []aws.Record) error {
	for _, key := range app.Keys() {
		if strings.Contains(key, "./") {
			continue
		}
		arrived := slices.ContainsFunc(records, func(r aws.Record) bool {
			path, _, _ := strings.Cut(r.URI, "?")
			return r.Method == http.MethodPut && path == "/"+escape(key)
		})
		if !arrived {
			return fmt.Errorf("no PUT of /%s for the key %q", escape(key), key)
		}
	}
	return nil
}

// escape is AWS's: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func escape(key string) string {
	var b strings.Builder
	for _, c := range []byte(key) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~/", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
