package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/service/dynamodb"
	"github.com/aws/aws-sdk-go/service/s3"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv1"
)

// addV1 adds the calls with aws-sdk-go.
func (c clients) addV1() error {
	cfg, err := sdkv1.FromEnv()
	if err != nil {
		return err
	}
	session, err := sdkv1.AwsSession("sample", sdkv1.AwsConfig(cfg).WithMaxRetries(2)) // as v2: DynamoDB's own are 10
	if err != nil {
		return err
	}
	tables, buckets := dynamodb.New(session), s3.New(session)
	c["v1/dynamodb"] = func(ctx context.Context, key, text string) (string, error) { return tableV1(ctx, tables, key, text) }
	c["v1/s3"] = func(ctx context.Context, key, text string) (string, error) { return bucketV1(ctx, buckets, key, text) }
	return nil
}

func tableV1(ctx context.Context, client *dynamodb.DynamoDB, key, text string) (string, error) {
	if _, err := client.CreateTableWithContext(ctx, &dynamodb.CreateTableInput{
		TableName:            new(table),
		AttributeDefinitions: []*dynamodb.AttributeDefinition{{AttributeName: new("id"), AttributeType: new("S")}},
		KeySchema:            []*dynamodb.KeySchemaElement{{AttributeName: new("id"), KeyType: new("HASH")}},
		BillingMode:          new(dynamodb.BillingModePayPerRequest),
	}); err != nil && !hasCode(err, dynamodb.ErrCodeResourceInUseException) {
		return "", err
	}
	if err := client.WaitUntilTableExistsWithContext(ctx, &dynamodb.DescribeTableInput{TableName: new(table)}); err != nil {
		return "", err
	}
	id := map[string]*dynamodb.AttributeValue{"id": {S: new(key)}}
	if _, err := client.PutItemWithContext(ctx, &dynamodb.PutItemInput{
		TableName: new(table), Item: map[string]*dynamodb.AttributeValue{"id": id["id"], "text": {S: new(text)}},
	}); err != nil {
		return "", err
	}
	out, err := client.GetItemWithContext(ctx, &dynamodb.GetItemInput{TableName: new(table), Key: id, ConsistentRead: new(true)})
	if err != nil || out.Item["text"] == nil {
		return "", err
	}
	return aws.StringValue(out.Item["text"].S), nil
}

func bucketV1(ctx context.Context, client *s3.S3, key, text string) (string, error) {
	if _, err := client.CreateBucketWithContext(ctx, &s3.CreateBucketInput{Bucket: new(bucket)}); err != nil &&
		!hasCode(err, s3.ErrCodeBucketAlreadyOwnedByYou) && !hasCode(err, s3.ErrCodeBucketAlreadyExists) {
		return "", err
	}
	if _, err := client.PutObjectWithContext(ctx, &s3.PutObjectInput{
		Bucket: new(bucket), Key: new(key), Body: strings.NewReader(text),
	}); err != nil {
		return "", err
	}
	out, err := client.GetObjectWithContext(ctx, &s3.GetObjectInput{Bucket: new(bucket), Key: new(key)})
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	read, err := io.ReadAll(out.Body)
	return string(read), err
}

func hasCode(err error, code string) bool {
	var e awserr.Error
	return errors.As(err, &e) && e.Code() == code
}
