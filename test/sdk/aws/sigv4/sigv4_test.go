package sigv4_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4/sign"
)

var (
	now      = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	longTerm = sigv4.Credentials{AccessKeyID: "AKIALONGTERM", SecretAccessKey: "long-term"}
	session  = sigv4.Credentials{AccessKeyID: "ASIASESSION", SecretAccessKey: "session", SessionToken: "a/token+of=a session", Expires: now.Add(time.Hour)}
)

func signer(service string, c sigv4.Credentials) sign.Signer {
	return sign.Signer{Credentials: c, Region: "eu-west-1", Service: service, Time: now}
}

func request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RequestURI = r.URL.RequestURI()
	return r
}

func signed(service string, c sigv4.Credentials, method, target, body string) *http.Request {
	r := request(method, target, body)
	r.Header.Set("Content-Type", "text/plain")
	signer(service, c).Header(r, sign.Hash([]byte(body)))
	return r
}

func presigned(service string, c sigv4.Credentials, target string) *http.Request {
	r := request("GET", target, "")
	signer(service, c).Presign(r, time.Minute)
	r.RequestURI = r.URL.RequestURI()
	return r
}

func chunked(kind string) *http.Request {
	r := request("PUT", "https://b.s3.eu-west-1.amazonaws.com/k", "")
	signer("s3", session).Chunks(r, kind, bytes.Repeat([]byte("data"), 5000), 8192)
	return r
}

const (
	dynamodb = "https://dynamodb.eu-west-1.amazonaws.com/"
	bucket   = "https://b.s3.eu-west-1.amazonaws.com"
)

func TestAccepts(t *testing.T) {
	for name, r := range map[string]*http.Request{
		"a body whose hash is not declared": signed("dynamodb", longTerm, "POST", dynamodb, "{}"),
		"a session":                         signed("dynamodb", session, "POST", dynamodb, "{}"),
		"no body":                           signed("s3", session, "GET", bucket+"/k", ""),
		"a body whose hash is declared":     signed("s3", session, "PUT", bucket+"/k", "data"),
		"an odd key":                        signed("s3", session, "PUT", bucket+"//a%20b/%252F/%C3%BC/%3F%23%26%3D%2B~/./../x", "data"),
		"an odd path elsewhere":             signed("lambda", session, "POST", "https://lambda.eu-west-1.amazonaws.com/functions/a%3Ab/invocations", "data"),
		"a query":                           signed("s3", session, "GET", bucket+"/?list-type=2&prefix=a%20b%2Bc&a-b=1&a=2&a=1", ""),
		"a port":                            signed("dynamodb", session, "POST", "https://dynamodb.eu-west-1.amazonaws.com:443/", "{}"),
		"presigned":                         presigned("s3", longTerm, bucket+"/a%20b"),
		"presigned with a session":          presigned("s3", session, bucket+"/k?versionId=1"),
		"presigned elsewhere":               presigned("sts", session, "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"),
		"signed chunks":                     chunked(sign.Streaming),
		"signed chunks and trailer":         chunked(sign.StreamingSignedTrailer),
		"unsigned chunks":                   chunked(sign.StreamingTrailer),
	} {
		t.Run(name, func(t *testing.T) {
			if err := verify(r, lookup(longTerm, session), now.Add(10*time.Second)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRefuses(t *testing.T) {
	put := func() *http.Request { return signed("s3", session, "PUT", bucket+"/k", "data") }
	post := func() *http.Request { return signed("dynamodb", session, "POST", dynamodb, "{}") }
	get := func() *http.Request { return presigned("s3", session, bucket+"/k") }
	after := func(late time.Duration) func(*http.Request) { return func(*http.Request) { now = now.Add(late) } }
	for _, tt := range []struct {
		name    string
		request *http.Request
		change  func(*http.Request)
		want    string // part of the error
	}{
		{"method", put(), func(r *http.Request) { r.Method = "POST" }, "SignatureDoesNotMatch"},
		{"path", put(), func(r *http.Request) { r.RequestURI = "/j" }, "SignatureDoesNotMatch"},
		{"host", put(), func(r *http.Request) { r.Host = "b.s3.eu-west-1.amazonaws.com:443" }, "SignatureDoesNotMatch"},
		{"query", put(), func(r *http.Request) { r.RequestURI = "/k?acl" }, "SignatureDoesNotMatch"},
		{"signed header changed", put(), func(r *http.Request) { r.Header.Set("Content-Type", "text/html") }, "SignatureDoesNotMatch"},
		{"signed header twice", put(), func(r *http.Request) { r.Header.Add("Content-Type", "text/plain") }, "SignatureDoesNotMatch"},
		{"signed header gone", put(), func(r *http.Request) { r.Header.Del("Content-Type") }, `signed header "content-type" did not arrive`},
		{"unsigned x-amz header", put(), func(r *http.Request) { r.Header.Set("X-Amz-Acl", "public") }, `header "x-amz-acl" is not signed`},
		{"body", put(), body("dada"), "XAmzContentSHA256Mismatch: the body's sha256 is " + sign.Hash([]byte("dada"))},
		{"body, hash not declared", post(), body("[]"), "SignatureDoesNotMatch"},
		{"body where none was", signed("s3", session, "GET", bucket+"/k", ""), body("data"), "XAmzContentSHA256Mismatch"},
		{"body gone", put(), body(""), "XAmzContentSHA256Mismatch"},
		{"no hash for S3", put(), func(r *http.Request) { r.Header.Del("X-Amz-Content-Sha256") }, `x-amz-content-sha256, and it is missing`},
		{"unknown kind of payload", put(), func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "STREAMING") }, `x-amz-content-sha256 is "STREAMING"`},
		{"payload declared unsigned", put(), func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", sign.Unsigned) }, "SignatureDoesNotMatch"},
		{"late", put(), after(16 * time.Minute), "RequestTimeTooSkewed: signed at 20260203T040506Z, more than 15m0s ago"},
		{"late elsewhere", post(), after(6 * time.Minute), "RequestTimeTooSkewed: signed at 20260203T040506Z, more than 5m0s ago"},
		{"early", put(), after(-16 * time.Minute), "in the future"},
		{"presigned, late", get(), after(61 * time.Second), "AccessDenied: Request has expired: presigned at 20260203T040506Z for 1m0s"},
		{"presigned, early", get(), after(-16 * time.Minute), "in the future"},
		{"presigned, longer", get(), query("X-Amz-Expires", "61"), "SignatureDoesNotMatch"},
		{"presigned, too long", get(), query("X-Amz-Expires", "604801"), "X-Amz-Expires is"},
		{"presigned, more query", get(), query("versionId", "1"), "SignatureDoesNotMatch"},
		{"presigned, unsigned header", get(), func(r *http.Request) { r.Header.Set("X-Amz-Acl", "public") }, `header "x-amz-acl" is not signed`},
		{"session over", signed("s3", sigv4.Credentials{AccessKeyID: "ASIAOVER", SecretAccessKey: "s", SessionToken: "t"}, "GET", bucket, ""), nil, "ExpiredToken"},
		{"no session token", put(), func(r *http.Request) { r.Header.Del("X-Amz-Security-Token") }, `signed header "x-amz-security-token" did not arrive`},
		{"no session token signed", signed("s3", sigv4.Credentials{AccessKeyID: "ASIASESSION", SecretAccessKey: "session"}, "GET", bucket, ""), nil, `InvalidToken: no session token`},
		{"another session token", put(), func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "other") }, "InvalidToken: the session token is not"},
		{"session token for a long-term key", signed("s3", sigv4.Credentials{AccessKeyID: "AKIALONGTERM", SecretAccessKey: "long-term", SessionToken: "t"}, "GET", bucket, ""), nil, "InvalidToken: a session token"},
		{"unknown key", signed("s3", sigv4.Credentials{AccessKeyID: "AKIANOBODY"}, "GET", bucket, ""), nil, `InvalidAccessKeyId: no access key "AKIANOBODY"`},
		{"wrong secret", signed("s3", sigv4.Credentials{AccessKeyID: "AKIALONGTERM", SecretAccessKey: "x"}, "GET", bucket, ""), nil, "SignatureDoesNotMatch"},
		{"not signed", request("GET", bucket, ""), nil, "MissingSecurityHeader"},
		{"signed twice", get(), func(r *http.Request) { r.Header.Set("Authorization", "x") }, "signed twice"},
		{"two Authorization headers", put(), func(r *http.Request) { r.Header.Add("Authorization", "x") }, "2 Authorization headers"},
		{"other algorithm", put(), func(r *http.Request) { r.Header.Set("Authorization", "AWS4-ECDSA-P256-SHA256 Credential=x") }, `begins with "AWS4-ECDSA-P256-SHA256"`},
		{"scope", put(), replace("/eu-west-1/", "/eu-west-2/"), "SignatureDoesNotMatch"},
		{"scope without region", put(), replace("/eu-west-1/", "/"), "is not KEY/DATE/REGION/SERVICE/aws4_request"},
		{"scope of another day", put(), replace("/20260203/", "/20260202/"), `signed on 20260203, but the credential is scoped to "20260202"`},
		{"host not signed", put(), replace("host;", ""), `header "host" is not signed`},
		{"headers out of order", put(), replace("content-type;host", "host;content-type"), "not in order"},
		{"no date", put(), func(r *http.Request) { r.Header.Del("X-Amz-Date") }, "no time of signing"},
		{"query that cannot be decoded", put(), func(r *http.Request) { r.RequestURI = "/k?%zz" }, "the query cannot be decoded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer func(at time.Time) { now = at }(now)
			if tt.change != nil {
				tt.change(tt.request)
			}
			over := sigv4.Credentials{AccessKeyID: "ASIAOVER", SecretAccessKey: "s", SessionToken: "t", Expires: now.Add(-time.Second)}
			refused(t, verify(tt.request, lookup(longTerm, session, over), now), tt.want)
		})
	}
}

func refused(t *testing.T, err error, want string) {
	t.Helper()
	var e *sigv4.Error
	if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want an *Error with %q", err, want)
	}
}

func body(text string) func(*http.Request) {
	return func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	}
}

func query(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		u, _ := url.Parse(r.RequestURI)
		q := u.Query()
		q.Set(name, value)
		r.RequestURI = u.Path + "?" + q.Encode()
	}
}

func replace(old, with string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, with, 1))
	}
}
