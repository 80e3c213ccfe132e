package v2

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

// LongPoll waits for a message of SQS that does not come, sends one, and gets it.
func LongPoll(ctx context.Context, in app.Input) (string, error) {
	cfg, err := load(ctx, in)
	if err != nil {
		return "", err
	}
	queues := sqs.NewFromConfig(cfg)
	queue, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: new(in.Name("orders"))})
	if err != nil {
		return "", err
	}
	receive := &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, WaitTimeSeconds: int32(in.Wait)}
	none, err := queues.ReceiveMessage(ctx, receive)
	if err != nil {
		return "", err
	}
	if _, err := queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: new("one order")}); err != nil {
		return "", err
	}
	got, err := queues.ReceiveMessage(ctx, receive)
	if err != nil {
		return "", err
	}
	for _, m := range got.Messages {
		if _, err := queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: queue.QueueUrl, ReceiptHandle: m.ReceiptHandle}); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d messages in vain, then %d", len(none.Messages), len(got.Messages)), nil
}

// Stream puts a record into Kinesis and reads it.
func Stream(ctx context.Context, in app.Input) (string, error) {
	cfg, err := load(ctx, in)
	if err != nil {
		return "", err
	}
	streams, name := kinesis.NewFromConfig(cfg), new(in.Name("clicks"))
	if _, err := streams.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: name}); err != nil {
		return "", err
	}
	put, err := streams.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: name, Data: []byte("a click"), PartitionKey: new("ann")})
	if err != nil {
		return "", err
	}
	from, err := streams.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamName: name, ShardId: put.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		return "", err
	}
	got, err := streams.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: from.ShardIterator})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("read %d: %s", len(got.Records), got.Records[0].Data), nil
}

// Secret creates a secret and reads it.
func Secret(ctx context.Context, in app.Input) (string, error) {
	cfg, err := load(ctx, in)
	if err != nil {
		return "", err
	}
	secrets := secretsmanager.NewFromConfig(cfg)
	made, err := secrets.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name: new(in.Name("password")), SecretString: new("correct horse"),
	})
	if err != nil {
		return "", err
	}
	got, err := secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: made.ARN})
	if err != nil {
		return "", err
	}
	return "read " + aws.ToString(got.SecretString), nil
}
