package parity

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/neptunegraph"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// errSeen ends every request.
var errSeen = errors.New("only the host is wanted")

// seen answers no request and keeps the host of the last.
type seen struct{ host string }

func (s *seen) Do(r *http.Request) (*http.Response, error) {
	s.host = r.URL.Host
	return nil, errSeen
}

// Some operations put a label in front of what the resolver gives.
func TestHostPrefixes(t *testing.T) {
	sent := &seen{}
	cfg := aws.Config{
		Region: "eu-west-1", HTTPClient: sent, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}, nil
		}),
	}
	s := aws.String
	tests := []struct {
		service, want string
		call          func(context.Context) error
	}{
		{"logs", "stream-logs.eu-west-1.amazonaws.com", func(ctx context.Context) error {
			_, err := cloudwatchlogs.NewFromConfig(cfg).StartLiveTail(ctx, &cloudwatchlogs.StartLiveTailInput{LogGroupIdentifiers: []string{"a"}})
			return err
		}},
		{"stepfunctions", "sync-states.eu-west-1.amazonaws.com", func(ctx context.Context) error {
			_, err := sfn.NewFromConfig(cfg).StartSyncExecution(ctx, &sfn.StartSyncExecutionInput{StateMachineArn: s("a")})
			return err
		}},
		{"s3control", "111122223333.s3-control.eu-west-1.amazonaws.com", func(ctx context.Context) error {
			_, err := s3control.NewFromConfig(cfg).ListJobs(ctx, &s3control.ListJobsInput{AccountId: s("111122223333")})
			return err
		}},
		{"s3", "route.s3-object-lambda.eu-west-1.amazonaws.com", func(ctx context.Context) error {
			_, err := s3.NewFromConfig(cfg).WriteGetObjectResponse(ctx, &s3.WriteGetObjectResponseInput{RequestRoute: s("route"), RequestToken: s("t"), Body: strings.NewReader("")})
			return err
		}},
		{"s3", "orders.s3.eu-west-1.amazonaws.com", func(ctx context.Context) error {
			_, err := s3.NewFromConfig(cfg).GetObject(ctx, &s3.GetObjectInput{Bucket: s("orders"), Key: s("1")})
			return err
		}},
		{"neptune-graph", "g-0123456789.eu-west-1.neptune-graph.amazonaws.com", func(ctx context.Context) error {
			_, err := neptunegraph.NewFromConfig(cfg).GetGraphSummary(ctx, &neptunegraph.GetGraphSummaryInput{GraphIdentifier: s("g-0123456789")})
			return err
		}},
	}
	for _, tt := range tests {
		sent.host = ""
		if err := tt.call(t.Context()); !errors.Is(err, errSeen) {
			t.Errorf("%s: %v, want %v", tt.service, err, errSeen)
		}
		ours, err := endpoints.Resolve(tt.service, endpoints.Params{Region: cfg.Region})
		if err != nil || sent.host != tt.want || !allows(ours.Hosts, sent.host) {
			t.Errorf("%s: calls %q, want %q, one of %q (%v)", tt.service, sent.host, tt.want, ours.Hosts, err)
		}
	}
}
