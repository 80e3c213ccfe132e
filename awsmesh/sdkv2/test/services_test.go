// Package test runs service clients through the mesh, on loopback. It is a module of
// its own to keep them away from applications.
package test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2/internal/attempt"
	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2/internal/standin"
)

const region = "eu-west-1"

// What a client or a call sets for itself does not take it out of the mesh.
func TestServiceOptions(t *testing.T) {
	w := standin.New(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"TableNames":["t"]}`) })
	config := configure(option(t, w, "dynamodb.eu-west-1.amazonaws.com"))
	called := 0
	note := func(s *middleware.Stack) error {
		return s.Deserialize.Add(middleware.DeserializeMiddlewareFunc("note", func(
			ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
		) (middleware.DeserializeOutput, middleware.Metadata, error) {
			called++
			return next.HandleDeserialize(ctx, in)
		}), middleware.After)
	}
	client := dynamodb.NewFromConfig(config.Copy(), func(o *dynamodb.Options) {
		o.HTTPClient = broken{}
		o.APIOptions = append(o.APIOptions, note)
	})
	out, err := client.ListTables(t.Context(), nil)
	if err != nil || len(out.TableNames) != 1 || called != 1 || !w.Seen()[0].Sidecar {
		t.Errorf("%v, %v, called %d", out, err, called)
	}
}

// The client waits for "100 Continue", sends bodies whose end it does not know, with
// their checksum behind them, and bodies in parts.
func TestS3Uploads(t *testing.T) {
	w := standin.New(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"e"`)
		if r.Method == http.MethodPost && r.URL.Query().Has("uploads") {
			_, _ = io.WriteString(w, "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
		} else if r.Method == http.MethodPost {
			_, _ = io.WriteString(w, "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>")
		}
	})
	client := s3.NewFromConfig(configure(option(t, w, "s3.eu-west-1.amazonaws.com", "*.s3.eu-west-1.amazonaws.com")))
	content := bytes.Repeat([]byte("0123456789abcdef"), 20<<20/16)
	unseekable := func() io.Reader { return io.MultiReader(bytes.NewReader(content)) }

	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k"), Body: bytes.NewReader(content)}); err != nil {
		t.Error(err)
	}
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("bkt"), Key: aws.String("k"), Body: unseekable(), ContentLength: aws.Int64(int64(len(content))),
	}); err != nil {
		t.Error(err)
	}
	if _, err := transfermanager.New(client).UploadObject(t.Context(), &transfermanager.UploadObjectInput{
		Bucket: aws.String("bkt"), Key: aws.String("k"), Body: unseekable(),
	}); err != nil {
		t.Error(err)
	}

	parts := 0
	for i, r := range w.Seen() {
		if !r.Sidecar || r.Host != "bkt.s3.eu-west-1.amazonaws.com" {
			t.Errorf("%s %s at %s, sidecar %v", r.Method, r.URL, r.Host, r.Sidecar)
		}
		if r.URL.Query().Has("partNumber") {
			parts++
		}
		if i == 0 && (r.Header.Get("Expect") != "100-continue" || !strings.Contains(r.Body, string(content))) {
			t.Errorf("Expect %q, %d bytes", r.Header.Get("Expect"), len(r.Body))
		}
		if i == 1 && (!strings.Contains(r.Body, string(content[:1<<10])) || r.Header.Get("X-Amz-Trailer") == "") {
			t.Errorf("trailer %q, %d bytes", r.Header.Get("X-Amz-Trailer"), len(r.Body))
		}
	}
	if parts < 2 {
		t.Errorf("%d parts", parts)
	}
}

// A presigned URL is one of AWS, and making it sends nothing.
func TestPresign(t *testing.T) {
	w := standin.New(t, nil)
	client := s3.NewPresignClient(s3.NewFromConfig(configure(option(t, w, "*.s3.eu-west-1.amazonaws.com"))))
	got, err := client.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k")})
	if err != nil || !strings.HasPrefix(got.URL, "https://bkt.s3.eu-west-1.amazonaws.com/k?") || w.Dials.Load() != 0 {
		t.Errorf("%v, %v, %d connections", got, err, w.Dials.Load())
	}
}

// Events come through HTTP/1.1 as they are sent.
func TestEventsFromAWS(t *testing.T) {
	w := standin.New(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
		for i, kind := range []string{"initial-response", "SubscribeToShardEvent", "SubscribeToShardEvent"} {
			message := eventstream.Message{Payload: fmt.Appendf(nil, `{"ContinuationSequenceNumber":"%d"}`, i)}
			message.Headers.Set(":message-type", eventstream.StringValue("event"))
			message.Headers.Set(":event-type", eventstream.StringValue(kind))
			message.Headers.Set(":content-type", eventstream.StringValue("application/x-amz-json-1.1"))
			_ = eventstream.NewEncoder().Encode(w, message)
			w.(http.Flusher).Flush()
		}
	})
	client := kinesis.NewFromConfig(configure(option(t, w, "kinesis.eu-west-1.amazonaws.com", "*.data-kinesis.eu-west-1.amazonaws.com")))
	out, err := client.SubscribeToShard(t.Context(), &kinesis.SubscribeToShardInput{
		ConsumerARN: aws.String("arn:aws:kinesis:eu-west-1:123456789012:stream/s/consumer/c:1"), ShardId: aws.String("0"),
		StartingPosition: &kinesistypes.StartingPosition{Type: kinesistypes.ShardIteratorTypeLatest},
	})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range out.GetStream().Events() {
		n++
	}
	if err := out.GetStream().Err(); err != nil || n != 2 || !w.Seen()[0].Sidecar {
		t.Errorf("%d events, %v, want 2", n, err)
	}
}

// configure returns what LoadDefaultConfig with the mesh returns.
func configure(mesh func(*middleware.Stack) error) aws.Config {
	return aws.Config{
		Region: region, Credentials: key{}, APIOptions: []func(*middleware.Stack) error{mesh},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
	}
}

func option(t *testing.T, w *standin.World, hosts ...string) func(*middleware.Stack) error {
	t.Helper()
	transport := attempt.Transport()
	w.Place(transport)
	o, err := attempt.Option(w.Config(hosts...), transport)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return o
}

type key struct{}

func (key) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
}

// broken is a client that is not to be called.
type broken struct{}

func (broken) Do(*http.Request) (*http.Response, error) { return nil, io.ErrClosedPipe }
