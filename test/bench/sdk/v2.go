package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2"
)

const putSize = 8 << 20

func callV2(way, operation string) (func() error, error) {
	ctx := context.Background()
	loaded, err := configV2(ctx, way)
	if err != nil {
		return nil, err
	}
	// The 2018 way: what its resolver comes to.
	service := func(name string) *string {
		if way != way2018 {
			return nil
		}
		return aws.String("http://" + name + "." + region + ".amazonaws.com:443")
	}
	switch operation {
	case get, fresh:
		client := dynamodb.NewFromConfig(loaded, func(o *dynamodb.Options) {
			o.BaseEndpoint = service("dynamodb")
			if operation == fresh {
				o.APIOptions = append(o.APIOptions, closing)
			}
		})
		return func() error {
			out, err := client.GetItem(ctx, &dynamodb.GetItemInput{
				TableName: new("orders"),
				Key:       map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "order-1"}},
			})
			if err != nil {
				return err
			}
			if state, ok := out.Item["state"].(*types.AttributeValueMemberS); !ok || state.Value != "paid" {
				return fmt.Errorf("wrong item: %v", out.Item)
			}
			return nil
		}, nil
	case put:
		client, body := s3.NewFromConfig(loaded, func(o *s3.Options) { o.BaseEndpoint = service("s3") }), make([]byte, putSize)
		return func() error {
			_, err := client.PutObject(ctx, &s3.PutObjectInput{
				Bucket: new("orders"), Key: new("archive/2026.tar"), Body: bytes.NewReader(body),
			})
			return err
		}, nil
	}
	return nil, fmt.Errorf("no operation %q", operation)
}

// closing has each request close its connection.
func closing(stack *middleware.Stack) error {
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("closing", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		if request, ok := in.Request.(*smithyhttp.Request); ok {
			request.Close = true
		}
		return next.HandleFinalize(ctx, in)
	}), middleware.After)
}

func configV2(ctx context.Context, way string) (aws.Config, error) {
	if way != ours {
		return config.LoadDefaultConfig(ctx)
	}
	mesh, err := sdkv2.FromEnv()
	if err != nil {
		return aws.Config{}, err
	}
	return config.LoadDefaultConfig(ctx, sdkv2.WithMesh(mesh))
}
