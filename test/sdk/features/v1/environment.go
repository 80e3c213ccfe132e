package v1

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/sqs"

	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

// Both calls DynamoDB, which is one of the mesh's hosts, and a host that is not.
func Both(ctx context.Context, in app.Input) (string, error) {
	if err := in.WriteFiles(); err != nil {
		return "", err
	}
	sess, err := open(in)
	if err != nil {
		return "", err
	}
	if _, err := tables(ctx, sess); err != nil {
		return "", err
	}
	other := sqs.New(sess, aws.NewConfig().WithEndpoint("https://"+in.Host))
	_, err = other.CreateQueueWithContext(ctx, &sqs.CreateQueueInput{QueueName: new(in.Name("orders"))})
	return "DynamoDB: works, the other: " + app.Trusted(err), nil
}
