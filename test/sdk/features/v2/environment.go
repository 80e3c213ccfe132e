package v2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

// Both calls DynamoDB, which is one of the mesh's hosts, and a host that is not.
func Both(ctx context.Context, in app.Input) (string, error) {
	if err := in.WriteFiles(); err != nil {
		return "", err
	}
	cfg, err := load(ctx, in)
	if err != nil {
		return "", err
	}
	if _, err := tables(ctx, cfg); err != nil {
		return "", err
	}
	other := sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = new("https://" + in.Host) })
	_, err = other.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: new(in.Name("orders"))})
	return "DynamoDB: works, the other: " + app.Trusted(err), nil
}
