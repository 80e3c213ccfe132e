package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// with makes a case of what is done with the configuration that the environment gives.
func with(do func(context.Context, aws.Config) (any, error)) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		cfg, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return nil, err
		}
		return do(ctx, cfg)
	}
}

func v2() cases {
	return cases{
		"dynamodb/ListTables": with(func(ctx context.Context, c aws.Config) (any, error) {
			return dynamodb.NewFromConfig(c).ListTables(ctx, nil)
		}),
		"secretsmanager/CreateSecret": with(func(ctx context.Context, c aws.Config) (any, error) {
			return secretsmanager.NewFromConfig(c).CreateSecret(ctx, &secretsmanager.CreateSecretInput{
				Name: aws.String(rand.Text()), SecretString: aws.String("s"),
			})
		}),
		"sts/GetCallerIdentity": with(func(ctx context.Context, c aws.Config) (any, error) {
			return sts.NewFromConfig(c).GetCallerIdentity(ctx, nil)
		}),
		"sns/ListTopics": with(func(ctx context.Context, c aws.Config) (any, error) {
			return sns.NewFromConfig(c).ListTopics(ctx, nil)
		}),
		"kms/ListKeys": with(func(ctx context.Context, c aws.Config) (any, error) {
			return kms.NewFromConfig(c).ListKeys(ctx, nil)
		}),
		"lambda/ListFunctions": with(func(ctx context.Context, c aws.Config) (any, error) {
			return lambda.NewFromConfig(c).ListFunctions(ctx, nil)
		}),
		"cloudwatch/ListMetrics": with(func(ctx context.Context, c aws.Config) (any, error) {
			return cloudwatch.NewFromConfig(c).ListMetrics(ctx, nil)
		}),
		"bedrock-runtime/InvokeModel": with(func(ctx context.Context, c aws.Config) (any, error) {
			return bedrockruntime.NewFromConfig(c).InvokeModel(ctx, &bedrockruntime.InvokeModelInput{ModelId: aws.String("m"), Body: []byte("{}")})
		}),
		"iam/ListUsers": with(func(ctx context.Context, c aws.Config) (any, error) {
			return iam.NewFromConfig(c).ListUsers(ctx, nil)
		}),
		"s3/PutObject":          with(func(ctx context.Context, c aws.Config) (any, error) { return write(ctx, c, bucket) }),
		"s3/dotted bucket":      with(func(ctx context.Context, c aws.Config) (any, error) { return write(ctx, c, "clients.go") }),
		"s3/access point":       with(func(ctx context.Context, c aws.Config) (any, error) { return put(ctx, c, accessPoint) }),
		"s3/presigned URL":      with(presignS3),
		"sqs/SendMessage":       with(send),
		"sts/presigned URL":     with(presignSTS),
		"dynamodb/FIPS":         with(listTables(func(o *dynamodb.Options) { o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled })),
		"dynamodb/other region": with(listTables(func(o *dynamodb.Options) { o.Region = "us-east-1" })),
	}
}

func listTables(option func(*dynamodb.Options)) func(context.Context, aws.Config) (any, error) {
	return func(ctx context.Context, c aws.Config) (any, error) {
		return dynamodb.NewFromConfig(c, option).ListTables(ctx, nil)
	}
}

func write(ctx context.Context, c aws.Config, bucket string) (any, error) {
	client := s3.NewFromConfig(c)
	_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket:                    aws.String(bucket),
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(c.Region)},
	})
	if there := (*s3types.BucketAlreadyOwnedByYou)(nil); err != nil && !errors.As(err, &there) {
		return nil, err
	}
	if _, err := put(ctx, c, bucket); err != nil {
		return nil, err
	}
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("key")})
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	return io.ReadAll(out.Body)
}

func put(ctx context.Context, c aws.Config, bucket string) (any, error) {
	return s3.NewFromConfig(c).PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: aws.String("key"), Body: strings.NewReader("text"),
	})
}

func send(ctx context.Context, c aws.Config) (any, error) {
	client := sqs.NewFromConfig(c)
	queue, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("clients-go")})
	if err != nil {
		return nil, err
	}
	return client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String("text")})
}

func presignS3(ctx context.Context, c aws.Config) (any, error) {
	out, err := s3.NewPresignClient(s3.NewFromConfig(c)).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("key")})
	if err != nil {
		return nil, err
	}
	return out.URL, nil
}

func presignSTS(ctx context.Context, c aws.Config) (any, error) {
	out, err := sts.NewPresignClient(sts.NewFromConfig(c)).PresignGetCallerIdentity(ctx, nil)
	if err != nil {
		return nil, err
	}
	return out.URL, nil
}
