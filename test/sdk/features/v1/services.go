package v1

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/kinesis"
	"github.com/aws/aws-sdk-go/service/secretsmanager"
	"github.com/aws/aws-sdk-go/service/sqs"

	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

// LongPoll waits for a message of SQS that does not come, sends one, and gets it.
func LongPoll(ctx context.Context, in app.Input) (string, error) {
	sess, err := open(in)
	if err != nil {
		return "", err
	}
	queues := sqs.New(sess)
	queue, err := queues.CreateQueueWithContext(ctx, &sqs.CreateQueueInput{QueueName: new(in.Name("orders"))})
	if err != nil {
		return "", err
	}
	receive := &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, WaitTimeSeconds: new(int64(in.Wait))}
	none, err := queues.ReceiveMessageWithContext(ctx, receive)
	if err != nil {
		return "", err
	}
	if _, err := queues.SendMessageWithContext(ctx, &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: new("one order")}); err != nil {
		return "", err
	}
	got, err := queues.ReceiveMessageWithContext(ctx, receive)
	if err != nil {
		return "", err
	}
	for _, m := range got.Messages {
		if _, err := queues.DeleteMessageWithContext(ctx, &sqs.DeleteMessageInput{QueueUrl: queue.QueueUrl, ReceiptHandle: m.ReceiptHandle}); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d messages in vain, then %d", len(none.Messages), len(got.Messages)), nil
}

// Stream puts a record into Kinesis and reads it.
func Stream(ctx context.Context, in app.Input) (string, error) {
	sess, err := open(in)
	if err != nil {
		return "", err
	}
	streams, name := kinesis.New(sess), new(in.Name("clicks"))
	if _, err := streams.CreateStreamWithContext(ctx, &kinesis.CreateStreamInput{StreamName: name}); err != nil {
		return "", err
	}
	put, err := streams.PutRecordWithContext(ctx, &kinesis.PutRecordInput{StreamName: name, Data: []byte("a click"), PartitionKey: new("ann")})
	if err != nil {
		return "", err
	}
	from, err := streams.GetShardIteratorWithContext(ctx, &kinesis.GetShardIteratorInput{
		StreamName: name, ShardId: put.ShardId, ShardIteratorType: new(kinesis.ShardIteratorTypeTrimHorizon),
	})
	if err != nil {
		return "", err
	}
	got, err := streams.GetRecordsWithContext(ctx, &kinesis.GetRecordsInput{ShardIterator: from.ShardIterator})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("read %d: %s", len(got.Records), got.Records[0].Data), nil
}

// Secret creates a secret and reads it.
func Secret(ctx context.Context, in app.Input) (string, error) {
	sess, err := open(in)
	if err != nil {
		return "", err
	}
	secrets := secretsmanager.New(sess)
	made, err := secrets.CreateSecretWithContext(ctx, &secretsmanager.CreateSecretInput{
		Name: new(in.Name("password")), SecretString: new("correct horse"),
	})
	if err != nil {
		return "", err
	}
	got, err := secrets.GetSecretValueWithContext(ctx, &secretsmanager.GetSecretValueInput{SecretId: made.ARN})
	if err != nil {
		return "", err
	}
	return "read " + aws.StringValue(got.SecretString), nil
}
