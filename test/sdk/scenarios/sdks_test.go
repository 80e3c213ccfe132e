package scenarios

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"
	dynamodbv1 "github.com/aws/aws-sdk-go/service/dynamodb"
	s3v1 "github.com/aws/aws-sdk-go/service/s3"

	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithy "github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv1"
	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2"
)

// secret is in every request for DynamoDB.
const secret = "the-secret-of-the-request"

func newV1(c inmesh.Config, attempts int) (client, error) {
	session, err := sdkv1.AwsSession("scenarios", sdkv1.AwsConfig(c).WithMaxRetries(attempts-1))
	if err != nil {
		return nil, err
	}
	tables, buckets := dynamodbv1.New(session), s3v1.New(session)
	return func(ctx context.Context, o order) (err error) {
		agent := func(r *request.Request) {
			request.WithAppendUserAgent(o.Token)(r)
			r.HTTPRequest.Close = o.Close
		}
		switch {
		case o.Head:
			_, err = buckets.HeadBucketWithContext(ctx, &s3v1.HeadBucketInput{Bucket: &o.Bucket}, agent)
		case o.Bucket != "":
			_, err = buckets.ListObjectsV2WithContext(ctx, &s3v1.ListObjectsV2Input{Bucket: &o.Bucket}, agent)
		default:
			_, err = tables.ListTablesWithContext(ctx, &dynamodbv1.ListTablesInput{ExclusiveStartTableName: new(secret)}, agent)
		}
		return err
	}, nil
}

func newV2(c inmesh.Config, attempts int) (client, error) {
	cfg, err := config.LoadDefaultConfig(context.Background(), sdkv2.WithMesh(c), config.WithRetryMaxAttempts(attempts))
	if err != nil {
		return nil, err
	}
	tables, buckets := dynamodb.NewFromConfig(cfg), s3.NewFromConfig(cfg)
	return func(ctx context.Context, o order) (err error) {
		agent := []func(*smithy.Stack) error{middleware.AddUserAgentKey(o.Token), closing(o.Close)}
		onS3 := func(options *s3.Options) { options.APIOptions = append(options.APIOptions, agent...) }
		onDynamoDB := func(options *dynamodb.Options) { options.APIOptions = append(options.APIOptions, agent...) }
		switch {
		case o.Head:
			_, err = buckets.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &o.Bucket}, onS3)
		case o.Bucket != "":
			_, err = buckets.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &o.Bucket}, onS3)
		default:
			_, err = tables.ListTables(ctx, &dynamodb.ListTablesInput{ExclusiveStartTableName: new(secret)}, onDynamoDB)
		}
		return err
	}, nil
}

// closing has the connection closed after the call, if yes.
func closing(yes bool) func(*smithy.Stack) error {
	return func(stack *smithy.Stack) error {
		return stack.Build.Add(smithy.BuildMiddlewareFunc("closing", func(ctx context.Context, in smithy.BuildInput, next smithy.BuildHandler) (smithy.BuildOutput, smithy.Metadata, error) {
			if request, ok := in.Request.(*smithyhttp.Request); ok {
				request.Close = yes
			}
			return next.HandleBuild(ctx, in)
		}), smithy.After)
	}
}

// status returns the HTTP status that an SDK's error tells, or 0.
func status(err error) int {
	if v1, ok := errors.AsType[awserr.RequestFailure](err); ok {
		return v1.StatusCode()
	}
	if v2, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return v2.HTTPStatusCode()
	}
	return 0
}
