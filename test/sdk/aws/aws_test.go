package aws_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4/sign"
)

var user = sigv4.Credentials{AccessKeyID: aws.AccessKeyID, SecretAccessKey: aws.SecretAccessKey}

// A client reaches a server by any host name.
type client struct {
	*aws.Server
	t                 *testing.T
	address, linkAddr string
	http              *http.Client
}

func start(t *testing.T) *client {
	t.Helper()
	return startWith(t, aws.Options{})
}

func startWith(t *testing.T, o aws.Options) *client {
	t.Helper()
	o.Log = t.Output()
	s, err := aws.New(o)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{Server: s, t: t, address: listen(t, s.Serve), linkAddr: listen(t, s.ServeLinkLocal)}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.CA())
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			to := c.address
			if strings.HasSuffix(address, ":80") {
				to = c.linkAddr
			}
			return new(net.Dialer).DialContext(ctx, "tcp", to)
		},
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func listen(t *testing.T, serve func(net.Listener) error) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := serve(l); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { <-done })
	return l.Addr().String()
}

func (c *client) request(method, url, body string, headers ...string) *http.Request {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// An answer has been read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

// send reports no answer as status 0, and the error as its body.
func (c *client) send(r *http.Request) answer {
	c.t.Helper()
	response, err := c.http.Do(r)
	if err != nil {
		return answer{body: err.Error()}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Error(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

// call signs a request and sends it.
func (c *client) call(who sigv4.Credentials, service, region, method, url, body string, headers ...string) answer {
	c.t.Helper()
	r := c.request(method, url, body, headers...)
	sign.Signer{Credentials: who, Region: region, Service: service}.Header(r, sign.Hash([]byte(body)))
	return c.send(r)
}

func (c *client) last() aws.Record {
	c.t.Helper()
	records := c.Records()
	if len(records) == 0 {
		c.t.Fatal("nothing was recorded")
	}
	return records[len(records)-1]
}

func (a answer) want(t *testing.T, status int, part string) {
	t.Helper()
	if a.status != status || !strings.Contains(a.body, part) {
		t.Errorf("status %d, want %d with %q:\n%s", a.status, status, part, a.body)
	}
}

func (c *client) json(who sigv4.Credentials, service, target, body string) answer {
	c.t.Helper()
	return c.call(who, service, "eu-west-1", "POST", "https://"+service+".eu-west-1.amazonaws.com/", body,
		"X-Amz-Target", target, "Content-Type", "application/x-amz-json-1.0", "Traceparent", "00-1-2-00", "User-Agent", "test")
}

func TestRecord(t *testing.T) {
	c := start(t)
	c.json(user, "states", "AWSStepFunctions.ListStateMachines", "{}").want(t, 200, `"Host":"states.eu-west-1.amazonaws.com"`)
	r := c.last()
	for what, ok := range map[string]bool{
		"via":           r.Via == aws.ViaTLS && r.SNI == "states.eu-west-1.amazonaws.com" && r.Host == r.SNI,
		"request":       r.Method == http.MethodPost && r.URI == "/" && r.Header.Get("User-Agent") == "test",
		"signature":     r.Verdict == aws.Valid && r.Problem == "" && r.Service == "states" && r.Region == "eu-west-1" && r.AccessKeyID == aws.AccessKeyID,
		"signed header": strings.Join(r.SignedHeaders, ";") == "content-type;host;traceparent;user-agent;x-amz-date;x-amz-target",
		"body":          r.BodyBytes == 2 && r.BodySHA256 == sign.Hash([]byte("{}")),
		"trace":         len(r.Trace) == 1 && r.Trace.Get("Traceparent") == "00-1-2-00",
		"status":        r.Status == 200,
	} {
		if !ok {
			t.Errorf("%s: %+v", what, r)
		}
	}
	c.Reset()
	if n := len(c.Records()); n != 0 {
		t.Errorf("%d records after a reset", n)
	}
}

func TestRefusals(t *testing.T) {
	c := start(t)
	stranger := sigv4.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "x"}
	forger := sigv4.Credentials{AccessKeyID: aws.AccessKeyID, SecretAccessKey: "x"}
	for _, tt := range []struct {
		name string
		answer
		status  int
		part    string
		verdict string
	}{
		{"JSON", c.json(forger, "dynamodb", "DynamoDB_20120810.ListTables", "{}"), 400, `"__type":"InvalidSignatureException"`, aws.Invalid},
		{"JSON, unknown key", c.json(stranger, "sqs", "AmazonSQS.SendMessage", "{}"), 400, `"__type":"UnrecognizedClientException"`, aws.Invalid},
		{"REST JSON", c.call(forger, "lambda", "eu-west-1", "GET", "https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions", ""), 403, "InvalidSignatureException", aws.Invalid},
		{"query", c.call(forger, "iam", "us-east-1", "POST", "https://iam.amazonaws.com/", "Action=ListUsers", "Content-Type", "application/x-www-form-urlencoded"), 403, "<Code>SignatureDoesNotMatch</Code>", aws.Invalid},
		{"S3", c.call(forger, "s3", "eu-west-1", "PUT", "https://b.s3.eu-west-1.amazonaws.com/k", "data"), 403, "<Code>SignatureDoesNotMatch</Code>", aws.Invalid},
		{"S3 tells what it computed", c.call(forger, "s3", "eu-west-1", "GET", "https://b.s3.eu-west-1.amazonaws.com/k", ""), 403, "<CanonicalRequest>GET&#xA;/k&#xA;", aws.Invalid},
		{"S3, unsigned", c.send(c.request("GET", "https://b.s3.eu-west-1.amazonaws.com/k", "")), 403, "<Code>AccessDenied</Code>", aws.Unsigned},
		{"wrong region", c.call(user, "sqs", "eu-west-2", "POST", "https://sqs.eu-west-1.amazonaws.com/", "{}", "X-Amz-Target", "AmazonSQS.X"), 400, "the host is in eu-west-1, the scope names eu-west-2", aws.Valid},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.want(t, tt.status, tt.part) })
	}
	for i, want := range []string{aws.Invalid, aws.Invalid, aws.Invalid, aws.Invalid, aws.Invalid, aws.Invalid, aws.Unsigned, aws.Valid} {
		if r := c.Records()[i]; r.Verdict != want {
			t.Errorf("%s %s%s: verdict %s (%s), want %s", r.Method, r.Host, r.URI, r.Verdict, r.Problem, want)
		}
	}
}

func TestDynamoDB(t *testing.T) {
	c := start(t)
	for _, host := range []string{"dynamodb.eu-west-1.amazonaws.com", "123456789012.ddb.eu-west-1.amazonaws.com"} {
		call := func(operation, body string) answer {
			return c.call(user, "dynamodb", "eu-west-1", "POST", "https://"+host+"/", strings.ReplaceAll(body, "TABLE", "t"+host[:3]),
				"X-Amz-Target", "DynamoDB_20120810."+operation, "Content-Type", "application/x-amz-json-1.0")
		}
		call("CreateTable", `{"TableName":"TABLE","AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],"KeySchema":[{"AttributeName":"k","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}`).want(t, 200, "TableDescription")
		for deadline := time.Now().Add(2 * time.Minute); !strings.Contains(call("DescribeTable", `{"TableName":"TABLE"}`).body, "ACTIVE"); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the table does not become active")
			}
		}
		call("PutItem", `{"TableName":"TABLE","Item":{"k":{"S":"a"},"v":{"S":"stored"}}}`).want(t, 200, "{}")
		call("GetItem", `{"TableName":"TABLE","Key":{"k":{"S":"a"}}}`).want(t, 200, `"stored"`)
	}
}

const s3Host = "https://s3.eu-west-1.amazonaws.com"

func TestS3(t *testing.T) {
	c := start(t)
	session := c.assume()
	for _, bucket := range []string{"plain", "dotted.bucket", "access-123456789012"} {
		c.call(user, "s3", "eu-west-1", "PUT", s3Host+"/"+bucket, "").want(t, 200, "")
	}
	for _, tt := range []struct{ name, put, get string }{
		{"virtual host", "https://plain.s3.eu-west-1.amazonaws.com/a", "https://plain.s3.eu-west-1.amazonaws.com/a"},
		{"by path", s3Host + "/plain/b", "https://plain.s3.eu-west-1.amazonaws.com/b"},
		{"dual-stack", "https://plain.s3.dualstack.eu-west-1.amazonaws.com/c", s3Host + "/plain/c"},
		{"dotted bucket", s3Host + "/dotted.bucket/d", s3Host + "/dotted.bucket/d"},
		{"access point", "https://access-123456789012.s3-accesspoint.eu-west-1.amazonaws.com/e", s3Host + "/access-123456789012/e"},
		{"odd key", s3Host + "/plain/a%20b%2B%3F%23%26%3D/%C3%BC~%252F", s3Host + "/plain/a%20b%2B%3F%23%26%3D/%C3%BC~%252F"},
	} {
		for _, who := range []sigv4.Credentials{user, session} {
			t.Run(tt.name+" "+who.AccessKeyID[:4], func(t *testing.T) {
				c.call(who, "s3", "eu-west-1", "PUT", tt.put, "data of "+tt.name).want(t, 200, "")
				c.call(who, "s3", "eu-west-1", "GET", tt.get, "", "X-Forwarded-For", "signed").want(t, 200, "data of "+tt.name)
				if r := c.last(); r.Verdict != aws.Valid {
					t.Errorf("%s: %s", r.Verdict, r.Problem)
				}
			})
		}
	}
}

func TestS3Payloads(t *testing.T) {
	c := start(t)
	session := c.assume()
	c.call(user, "s3", "eu-west-1", "PUT", s3Host+"/bucket", "").want(t, 200, "")
	data := bytes.Repeat([]byte("0123456789abcdef"), 10_000)
	for _, kind := range []string{sign.Streaming, sign.StreamingSignedTrailer, sign.StreamingTrailer} {
		for _, who := range []sigv4.Credentials{user, session} {
			t.Run(kind+" "+who.AccessKeyID[:4], func(t *testing.T) {
				r := c.request("PUT", s3Host+"/bucket/"+kind, "")
				sign.Signer{Credentials: who, Region: "eu-west-1", Service: "s3"}.Chunks(r, kind, data, 64<<10)
				c.send(r).want(t, 200, "")
				if r := c.last(); r.Verdict != aws.Valid || r.BodyBytes <= int64(len(data)) {
					t.Errorf("%d bytes: %s %s", r.BodyBytes, r.Verdict, r.Problem)
				}
				if got := c.call(who, "s3", "eu-west-1", "GET", s3Host+"/bucket/"+kind, ""); got.body != string(data) {
					t.Errorf("got %d bytes back, want %d", len(got.body), len(data))
				}
			})
		}
	}
	t.Run("presigned", func(t *testing.T) {
		for _, who := range []sigv4.Credentials{user, session} {
			r := c.request("GET", s3Host+"/bucket/"+sign.Streaming, "")
			sign.Signer{Credentials: who, Region: "eu-west-1", Service: "s3"}.Presign(r, time.Minute)
			c.send(r).want(t, 200, "0123456789abcdef")
			if r := c.last(); r.Verdict != aws.Valid || !r.Presigned {
				t.Errorf("%+v", r)
			}
		}
	})
	t.Run("another body than was signed", func(t *testing.T) {
		r := c.request("PUT", s3Host+"/bucket/forged", "forged")
		sign.Signer{Credentials: user, Region: "eu-west-1", Service: "s3"}.Header(r, sign.Hash([]byte("data")))
		c.send(r).want(t, 400, "<Code>XAmzContentSHA256Mismatch</Code>")
		if r := c.last(); r.Verdict != aws.Invalid {
			t.Errorf("verdict %s", r.Verdict)
		}
		c.call(user, "s3", "eu-west-1", "GET", s3Host+"/bucket/forged", "").want(t, 404, "NoSuchKey")
	})
}

func TestS3Redirects(t *testing.T) {
	c := start(t)
	c.call(user, "s3", "eu-west-1", "PUT", s3Host+"/far", "").want(t, 200, "")
	got := c.call(user, "s3", "us-east-1", "GET", "https://far.s3.amazonaws.com/k?versionId=1", "")
	got.want(t, 307, "<Code>TemporaryRedirect</Code>")
	if l := got.header.Get("Location"); l != "https://far.s3.eu-west-1.amazonaws.com/k?versionId=1" {
		t.Errorf("location %q", l)
	}
	got = c.call(user, "s3", "us-west-2", "GET", "https://s3.us-west-2.amazonaws.com/far/k", "")
	got.want(t, 301, "<Endpoint>far.s3.eu-west-1.amazonaws.com</Endpoint>")
	if got.header.Get("X-Amz-Bucket-Region") != "eu-west-1" || got.header.Get("Location") != "" {
		t.Errorf("%v", got.header)
	}
	got = c.send(c.request("HEAD", "https://s3.us-west-2.amazonaws.com/far", ""))
	if got.status != 403 || got.header.Get("X-Amz-Bucket-Region") != "eu-west-1" {
		t.Errorf("a stranger got %d %v", got.status, got.header)
	}
	c.call(user, "s3", "us-east-1", "PUT", "https://s3.amazonaws.com/near", "").want(t, 200, "")
	c.call(user, "s3", "us-east-1", "PUT", "https://near.s3.amazonaws.com/k", "data").want(t, 200, "")
}
