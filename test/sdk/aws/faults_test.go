package aws_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4/sign"
)

func TestPlaintextOnTheTLSPort(t *testing.T) {
	c := start(t)
	conn, err := net.Dial("tcp", c.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: sts.amazonaws.com:443\r\nContent-Length: 6\r\nTraceparent: 00-1-2-00\r\n\r\nsecret")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if response.Proto != "HTTP/1.0" || response.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "The plain HTTP request was sent to HTTPS port") {
		t.Errorf("%s %s\n%s", response.Proto, response.Status, body)
	}
	conn.Close()
	for deadline := time.Now().Add(2 * time.Minute); c.last().BodySHA256 == "" && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if r := c.last(); r.Via != aws.ViaPlaintext || r.SNI != "" || r.Host != "sts.amazonaws.com:443" || r.Method != http.MethodPost || r.Status != http.StatusBadRequest ||
		r.BodySHA256 != sign.Hash([]byte("secret")) || r.Trace.Get("Traceparent") == "" {
		t.Errorf("%+v", r)
	}
}

func TestNeitherTLSNorHTTP(t *testing.T) {
	c := start(t)
	conn, err := net.Dial("tcp", c.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "SSH-2.0-x\r\n\r\n")
	got, _ := io.ReadAll(conn)
	if r := c.last(); !strings.HasPrefix(string(got), "HTTP/1.0 400 ") || r.Via != aws.ViaPlaintext || !strings.Contains(r.Problem, "neither TLS nor HTTP") {
		t.Errorf("answer %q, record %+v", got, r)
	}
}

func TestCertificateFaults(t *testing.T) {
	c := start(t)
	const host = "sqs.eu-west-1.amazonaws.com"
	for kind, want := range map[aws.FaultKind]string{
		aws.WrongName:   "certificate is valid for wrong-name.example.com, not " + host,
		aws.UntrustedCA: "certificate signed by unknown authority",
		aws.Expired:     "certificate has expired",
	} {
		c.AddFault(aws.Fault{Kind: kind, Host: host, Times: 1})
		if got := c.json(user, "sqs", "AmazonSQS.X", "{}"); !strings.Contains(got.body, want) {
			t.Errorf("%s: got %s, want %q", kind, got.body, want)
		}
	}
	if n := len(c.Records()); n != 0 {
		t.Errorf("%d requests got through", n)
	}
	c.json(user, "sqs", "AmazonSQS.X", "{}").want(t, 400, "UnknownOperation")
}

// AWS's certificate of S3 covers one label in front of it.
func TestDottedBucketsCertificate(t *testing.T) {
	c := start(t)
	c.call(user, "s3", "eu-west-1", "GET", "https://dotted.bucket.s3.eu-west-1.amazonaws.com/k", "").want(t, 0, "certificate is valid for s3.eu-west-1.amazonaws.com, *.s3.eu-west-1.amazonaws.com, not dotted.bucket")
}

func TestRequestFaults(t *testing.T) {
	c := start(t)
	list := func() answer { return c.json(user, "dynamodb", "DynamoDB_20120810.ListTables", "{}") }
	c.AddFault(aws.Fault{Kind: aws.ServerError, Times: 1})
	list().want(t, 500, `"__type":"InternalError"`)
	list().want(t, 200, "TableNames")

	c.AddFault(aws.Fault{Kind: aws.Reset, Host: "dynamodb.eu-west-1.amazonaws.com", Times: 1})
	c.call(user, "s3", "eu-west-1", "GET", s3Host+"/", "").want(t, 200, "ListAllMyBucketsResult")
	list().want(t, 0, "connection reset by peer")
	if r := c.last(); r.Fault != string(aws.Reset) || r.Verdict != aws.Valid || r.BodyBytes != 2 {
		t.Errorf("%+v", r)
	}
	list().want(t, 200, "TableNames")

	c.AddFault(aws.Fault{Kind: aws.ServerError, Times: 1})
	c.call(user, "s3", "eu-west-1", "PUT", s3Host+"/bucket/k", "data").want(t, 500, "<Code>InternalError</Code>")
	if r := c.last(); r.Verdict != aws.Valid || r.BodyBytes != 4 || r.Status != http.StatusInternalServerError {
		t.Errorf("%+v", r)
	}

	c.AddFault(aws.Fault{Kind: aws.Slow, Times: 1, Delay: time.Millisecond})
	list().want(t, 200, "TableNames")
	if r := c.last(); r.Fault != string(aws.Slow) {
		t.Errorf("%+v", r)
	}

	c.AddFault(aws.Fault{Kind: aws.ServerError})
	list().want(t, 500, "")
	list().want(t, 500, "")
	c.Reset()
	list().want(t, 200, "TableNames")
}
