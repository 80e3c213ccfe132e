package main

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/dynamodb"
	"github.com/aws/aws-sdk-go/service/s3"
	"github.com/aws/aws-sdk-go/service/sts"
)

func v1() cases {
	s := session.Must(session.NewSession(aws.NewConfig().WithMaxRetries(0)))
	s.Handlers.Build.PushBack(request.MakeAddToUserAgentFreeFormHandler("app/go-v1")) // this SDK knows no AWS_SDK_UA_APP_ID
	return cases{
		"dynamodb/ListTables": func(ctx context.Context) (any, error) {
			return dynamodb.New(s).ListTablesWithContext(ctx, nil)
		},
		"sts/GetCallerIdentity": func(ctx context.Context) (any, error) {
			return sts.New(s).GetCallerIdentityWithContext(ctx, nil)
		},
		"s3/PutObject": func(ctx context.Context) (any, error) {
			client := s3.New(s)
			_, err := client.CreateBucketWithContext(ctx, &s3.CreateBucketInput{Bucket: new(bucket + "-v1")})
			if err != nil && !strings.Contains(err.Error(), s3.ErrCodeBucketAlreadyOwnedByYou) {
				return nil, err
			}
			return client.PutObjectWithContext(ctx, &s3.PutObjectInput{
				Bucket: new(bucket + "-v1"), Key: new("key"), Body: strings.NewReader("text"),
			})
		},
	}
}
