package v2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	standin "github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

// Identity asks STS who the application is.
func Identity(ctx context.Context, in app.Input) (string, error) {
	cfg, err := load(ctx, in)
	if err != nil {
		return "", err
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	return aws.ToString(who.Arn), nil
}

// Credentials signs a call to DynamoDB with what the environment yields.
func Credentials(ctx context.Context, in app.Input) (string, error) {
	if err := in.WriteFiles(); err != nil {
		return "", err
	}
	cfg, err := load(ctx, in)
	if err != nil {
		return "", err
	}
	return tables(ctx, cfg)
}

// AssumeRole takes a role in code, and calls DynamoDB with it.
func AssumeRole(ctx context.Context, in app.Input) (string, error) {
	cfg, err := load(ctx, in)
	if err != nil {
		return "", err
	}
	cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), standin.RoleARN))
	return tables(ctx, cfg)
}

// tables calls DynamoDB, and returns where the credentials are from.
func tables(ctx context.Context, cfg aws.Config) (string, error) {
	if _, err := dynamodb.NewFromConfig(cfg).ListTables(ctx, &dynamodb.ListTablesInput{}); err != nil {
		return "", err
	}
	credentials, err := cfg.Credentials.Retrieve(ctx)
	return credentials.Source, err
}
