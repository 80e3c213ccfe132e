package main

import (
	"bytes"
	"fmt"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/endpoints"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/aws/signer/v4"
	"github.com/aws/aws-sdk-go/service/dynamodb"
	"github.com/aws/aws-sdk-go/service/s3"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv1"
)

func callV1(way, operation string) (func() error, error) {
	s, err := sessionV1(way)
	if err != nil {
		return nil, err
	}
	switch operation {
	case get, fresh:
		client := dynamodb.New(s)
		if operation == fresh {
			client.Handlers.Send.PushFront(func(r *request.Request) { r.HTTPRequest.Close = true })
		}
		return func() error {
			out, err := client.GetItem(&dynamodb.GetItemInput{
				TableName: new("orders"),
				Key:       map[string]*dynamodb.AttributeValue{"id": {S: new("order-1")}},
			})
			if err == nil && aws.StringValue(out.Item["state"].S) != "paid" {
				err = fmt.Errorf("wrong item: %v", out.Item)
			}
			return err
		}, nil
	case put, bare:
		client, body := s3.New(s), make([]byte, putSize)
		if operation == bare {
			client.Config.S3DisableContentMD5Validation = new(true)
			client.Handlers.Sign.Swap(v4.SignRequestHandler.Name, v4.BuildNamedHandler("unsigned", v4.WithUnsignedPayload))
		}
		return func() error {
			_, err := client.PutObject(&s3.PutObjectInput{
				Bucket: new("orders"), Key: new("archive/2026.tar"), Body: bytes.NewReader(body),
			})
			return err
		}, nil
	}
	return nil, fmt.Errorf("no operation %q", operation)
}

func sessionV1(way string) (*session.Session, error) {
	switch way {
	case ours:
		config, err := sdkv1.FromEnv()
		if err != nil {
			return nil, err
		}
		return sdkv1.AwsSession("bench", sdkv1.AwsConfig(config))
	case way2018:
		return session.NewSession(aws.NewConfig().WithDisableSSL(true).WithEndpointResolver(endpoints.ResolverFunc(withPort)))
	default:
		return session.NewSession()
	}
}

// withPort is the 2018 way's resolver.
func withPort(service, region string, optFns ...func(*endpoints.Options)) (endpoints.ResolvedEndpoint, error) {
	ep, err := endpoints.DefaultResolver().EndpointFor(service, region, optFns...)
	ep.URL += ":443"
	return ep, err
}
