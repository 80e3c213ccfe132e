package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2"
)

// addV2 adds the calls with aws-sdk-go-v2: with our package, and, under
// the name "plain", without.
func (c calls) addV2(ctx context.Context) error {
	cfg, err := sdkv2.FromEnv()
	if err != nil {
		return err
	}
	inMesh, err := config.LoadDefaultConfig(ctx, sdkv2.WithMesh(cfg))
	if err != nil {
		return err
	}
	plain, err := config.LoadDefaultConfig(ctx)
	for sdk, cfg := range map[string]aws.Config{"v2": inMesh, "plain": plain} {
		tables, buckets := dynamodb.NewFromConfig(cfg), s3.NewFromConfig(cfg)
		c[sdk+"/dynamodb"] = func(ctx context.Context, o order) error {
			_, err := tables.ListTables(ctx, &dynamodb.ListTablesInput{}, dynamodb.WithAPIOptions(o.v2))
			return err
		}
		c[sdk+"/s3"] = func(ctx context.Context, o order) error {
			_, err := buckets.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &o.bucket}, s3.WithAPIOptions(o.v2))
			return err
		}
	}
	return err
}

// v2 changes the Host of a request that is signed.
func (o order) v2(stack *middleware.Stack) error {
	if o.host == "" {
		return nil
	}
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("OtherHost",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			if r, ok := in.Request.(*smithyhttp.Request); ok {
				r.Host = o.host
			}
			return next.HandleFinalize(ctx, in)
		}), middleware.After)
}
