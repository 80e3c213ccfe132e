package sdkv1_test

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/dynamodb"
	"github.com/aws/aws-sdk-go/service/s3"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv1"
	"github.com/aws-mesh/aws-mesh/awsmesh/trace"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func incoming() context.Context {
	return trace.NewContext(context.Background(), http.Header{
		"Traceparent": {parent}, "X-Request-Id": {"r1"}, "Baggage": {"k=v"},
	}, "baggage")
}

// checkTraced wants every request to have the trace headers once, and unsigned.
func checkTraced(t *testing.T, requests []*http.Request) {
	t.Helper()
	for i, r := range requests {
		for name, want := range map[string]string{"Traceparent": parent, "X-Request-Id": "r1", "Baggage": "k=v"} {
			if got := r.Header[name]; len(got) != 1 || got[0] != want {
				t.Errorf("request %d: %s = %q, want %q", i+1, name, got, want)
			}
			signed := signedHeaders(r)
			if !slices.Contains(signed, "x-amz-date") {
				t.Errorf("request %d is not signed: %q", i+1, signed)
			}
			if slices.Contains(signed, strings.ToLower(name)) {
				t.Errorf("request %d: %s is signed", i+1, name)
			}
		}
	}
}

func TestTraceHeadersOnEveryAttempt(t *testing.T) {
	var attempt atomic.Int64
	w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
		switch attempt.Add(1) {
		case 1:
			w.WriteHeader(http.StatusInternalServerError)
		case 2:
			panic(http.ErrAbortHandler) // closes the connection
		default:
			noTables(w, r)
		}
	})
	if err := listTables(t, incoming(), w.awsConfig()); err != nil {
		t.Fatal(err)
	}
	if got := w.requests(); len(got) != 3 {
		t.Errorf("%d requests, want 3", len(got))
	}
	checkTraced(t, w.requests())
}

// A request that waited for too long is signed again by the SDK while it is sent.
func TestTraceHeadersOfAnExpiredSignature(t *testing.T) {
	w := newWorld(t, nil)
	r, _ := dynamodb.New(newSession(t, w.awsConfig())).ListTablesRequest(&dynamodb.ListTablesInput{})
	r.SetContext(incoming())
	r.Handlers.Send.PushFront(func(r *request.Request) { r.LastSignedAt = time.Now().Add(-time.Hour) })
	if err := r.Send(); err != nil {
		t.Fatal(err)
	}
	checkTraced(t, w.requests())
}

// What the caller or a handler sets on the request itself is sent unsigned, too.
func TestTraceHeadersSetByTheCaller(t *testing.T) {
	w := newWorld(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	ctx := trace.NewContext(context.Background(), http.Header{"X-Request-Id": {"r1"}, "Traceparent": {"old"}, "Baggage": {"k=v"}}, "baggage")
	db := dynamodb.New(newSession(t, w.awsConfig()))
	_, err := db.ListTablesWithContext(ctx, &dynamodb.ListTablesInput{},
		request.WithSetRequestHeaders(map[string]string{"traceparent": parent}))
	if err == nil {
		t.Error("no error of a server that answers 500")
	}
	if got := w.requests(); len(got) < 2 {
		t.Errorf("%d requests, want retries", len(got))
	}
	checkTraced(t, w.requests())
}

// A carried header does not take the place of one that the SDK signed.
func TestSignedHeadersStay(t *testing.T) {
	w := newWorld(t, nil)
	ctx := trace.NewContext(context.Background(), http.Header{"X-Amz-Target": {"other"}}, "x-amz-target")
	if err := listTables(t, ctx, w.awsConfig()); err != nil {
		t.Fatal(err)
	}
	if got := w.requests()[0].Header.Get("X-Amz-Target"); got != "DynamoDB_20120810.ListTables" {
		t.Errorf("X-Amz-Target = %q", got)
	}
}

// Trace headers go to the sidecar and nowhere else.
func TestTraceHeadersStayInTheMesh(t *testing.T) {
	const other = "dynamodb.us-east-1.amazonaws.com"
	var got *http.Request
	answer := func(w http.ResponseWriter, r *http.Request) { got = r; noTables(w, r) }
	call := func(name string, c *aws.Config, clients ...*aws.Config) {
		got = nil
		db := dynamodb.New(newSession(t, c), clients...)
		if _, err := db.ListTablesWithContext(incoming(), &dynamodb.ListTablesInput{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got == nil || got.Header.Get("Traceparent") != "" {
			t.Errorf("%s: request %v", name, got)
		}
	}

	w := newWorld(t, nil)
	w.serveTLS(t, answer, other, dynamoHost)
	delete(w.dials, dynamoHost+":443")
	call("a host that is not listed", w.awsConfig().WithRegion("us-east-1"))

	server, _ := newTLS(t, answer, other)
	w.dials[dynamoHost+":443"] = server.Listener.Addr().String()
	w.serveTLS(t, answer, dynamoHost)
	call("outside of the mesh", prepared(sdkv1.AwsConfig(sdkv1.Config{})))
	call("another configuration", prepared(aws.NewConfig()))
	call("another HTTP client", w.awsConfig(), aws.NewConfig().WithHTTPClient(&http.Client{}))
}

func TestTraceHeadersOfARedirect(t *testing.T) {
	const out = "bucket.s3.us-east-1.amazonaws.com"
	var outside *http.Request
	w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
		switch host, _, _ := strings.Cut(r.Host, "."); host {
		case "first":
			http.Redirect(w, r, "https://second.s3.eu-west-1.amazonaws.com/key", http.StatusTemporaryRedirect)
		case "second":
			http.Redirect(w, r, "https://"+out+"/key", http.StatusTemporaryRedirect)
		}
	})
	w.serveTLS(t, func(_ http.ResponseWriter, r *http.Request) { outside = r }, out)
	_, err := s3.New(newSession(t, w.awsConfig())).GetObjectWithContext(incoming(),
		&s3.GetObjectInput{Bucket: new("first"), Key: new("key")})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.requests(); len(got) != 2 || got[1].Header.Get("Traceparent") != parent {
		t.Errorf("requests to the sidecar: %v", got)
	}
	if outside == nil || outside.Header.Get("Traceparent") != "" || outside.Header.Get("Baggage") != "" {
		t.Errorf("the request outside of the mesh: %v", outside)
	}
}

// A client that was copied and changed is still in the mesh.
func TestChangedClient(t *testing.T) {
	w := newWorld(t, nil)
	c := w.awsConfig()
	client := *c.HTTPClient
	client.Timeout = time.Minute
	if err := listTables(t, incoming(), c.WithHTTPClient(&client)); err != nil {
		t.Fatal(err)
	}
	checkTraced(t, w.requests())
}

// A presigned URL is one of AWS, for anybody, and signs what the caller set.
func TestPresign(t *testing.T) {
	w := newWorld(t, nil)
	r, _ := s3.New(newSession(t, w.awsConfig())).GetObjectRequest(&s3.GetObjectInput{Bucket: new("bucket"), Key: new("k")})
	r.SetContext(incoming())
	r.HTTPRequest.Header.Set("X-Request-Id", "own")
	got, err := r.Presign(time.Minute)
	if err != nil || !strings.HasPrefix(got, "https://bucket.s3.eu-west-1.amazonaws.com/k?") ||
		!strings.Contains(got, "&X-Amz-SignedHeaders=host%3Bx-request-id&") {
		t.Errorf("Presign = %q, %v", got, err)
	}
	if got := w.addresses(); got != nil {
		t.Errorf("dialed %q", got)
	}
}

func TestResolverOf2018(t *testing.T) {
	w := newWorld(t, nil)
	c := w.awsConfig().WithEndpoint("http://" + net.JoinHostPort(dynamoHost, "443"))
	if err := listTables(t, incoming(), c); err != nil {
		t.Fatal(err)
	}
	if got := w.requests(); len(got) != 1 || got[0].Host != dynamoHost+":443" {
		t.Errorf("requests: %v", got)
	}
	checkTraced(t, w.requests())
}
