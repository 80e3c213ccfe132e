package main

import (
	"context"

	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/service/dynamodb"
	"github.com/aws/aws-sdk-go/service/s3"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv1"
)

// addV1 adds the calls with aws-sdk-go, which try three times, as those of v2.
func (c calls) addV1() error {
	cfg, err := sdkv1.FromEnv()
	if err != nil {
		return err
	}
	session, err := sdkv1.AwsSession("probe", sdkv1.AwsConfig(cfg).WithMaxRetries(2))
	if err != nil {
		return err
	}
	tables, buckets := dynamodb.New(session), s3.New(session)
	c["v1/dynamodb"] = func(ctx context.Context, o order) error {
		_, err := tables.ListTablesWithContext(ctx, &dynamodb.ListTablesInput{}, o.v1)
		return err
	}
	c["v1/s3"] = func(ctx context.Context, o order) error {
		_, err := buckets.ListObjectsV2WithContext(ctx, &s3.ListObjectsV2Input{Bucket: &o.bucket}, o.v1)
		return err
	}
	return nil
}

// v1 changes the Host of a request that is signed.
func (o order) v1(r *request.Request) {
	if o.host != "" {
		r.Handlers.Send.PushFront(func(r *request.Request) { r.HTTPRequest.Host = o.host })
	}
}
