package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2"
)

// addV2 adds the calls with aws-sdk-go-v2.
func (c clients) addV2(ctx context.Context) error {
	cfg, err := sdkv2.FromEnv()
	if err != nil {
		return err
	}
	awsConfig, err := config.LoadDefaultConfig(ctx, sdkv2.WithMesh(cfg))
	if err != nil {
		return err
	}
	tables, buckets := dynamodb.NewFromConfig(awsConfig), s3.NewFromConfig(awsConfig)
	c["v2/dynamodb"] = func(ctx context.Context, key, text string) (string, error) { return tableV2(ctx, tables, key, text) }
	c["v2/s3"] = func(ctx context.Context, key, text string) (string, error) {
		return bucketV2(ctx, buckets, awsConfig.Region, key, text)
	}
	c["v2/upload"] = func(ctx context.Context, key, text string) (string, error) { return uploadV2(ctx, buckets, key, text) }
	return nil
}

func tableV2(ctx context.Context, client *dynamodb.Client, key, text string) (string, error) {
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String(table),
		AttributeDefinitions: []dynamodbtypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: dynamodbtypes.ScalarAttributeTypeS}},
		KeySchema:            []dynamodbtypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: dynamodbtypes.KeyTypeHash}},
		BillingMode:          dynamodbtypes.BillingModePayPerRequest,
	})
	if there := (*dynamodbtypes.ResourceInUseException)(nil); err != nil && !errors.As(err, &there) {
		return "", err
	}
	if err := dynamodb.NewTableExistsWaiter(client).Wait(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(table)}, callTimeout+time.Second); err != nil {
		return "", err
	}
	id := map[string]dynamodbtypes.AttributeValue{"id": &dynamodbtypes.AttributeValueMemberS{Value: key}}
	if _, err := client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String(table),
		Item:      map[string]dynamodbtypes.AttributeValue{"id": id["id"], "text": &dynamodbtypes.AttributeValueMemberS{Value: text}},
	}); err != nil {
		return "", err
	}
	out, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(table), Key: id, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return "", err
	}
	read, _ := out.Item["text"].(*dynamodbtypes.AttributeValueMemberS)
	if read == nil {
		return "", nil
	}
	return read.Value, nil
}

func bucketV2(ctx context.Context, client *s3.Client, region, key, text string) (string, error) {
	create := &s3.CreateBucketInput{Bucket: aws.String(bucket)}
	if region != "us-east-1" {
		create.CreateBucketConfiguration = &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(region)}
	}
	_, err := client.CreateBucket(ctx, create)
	var owned *s3types.BucketAlreadyOwnedByYou
	var exists *s3types.BucketAlreadyExists
	if err != nil && !errors.As(err, &owned) && !errors.As(err, &exists) {
		return "", err
	}
	if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), Body: strings.NewReader(text)}); err != nil {
		return "", err
	}
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	read, err := io.ReadAll(out.Body)
	return string(read), err
}
