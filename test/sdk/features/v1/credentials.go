package v1

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials/stscreds"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/dynamodb"
	"github.com/aws/aws-sdk-go/service/sts"

	standin "github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

// Identity asks STS who the application is.
func Identity(ctx context.Context, in app.Input) (string, error) {
	sess, err := open(in)
	if err != nil {
		return "", err
	}
	who, err := sts.New(sess).GetCallerIdentityWithContext(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	return aws.StringValue(who.Arn), nil
}

// Credentials signs a call to DynamoDB with what the environment yields.
func Credentials(ctx context.Context, in app.Input) (string, error) {
	if err := in.WriteFiles(); err != nil {
		return "", err
	}
	sess, err := open(in)
	if err != nil {
		return "", err
	}
	return tables(ctx, sess)
}

// AssumeRole takes a role in code, and calls DynamoDB with it.
func AssumeRole(ctx context.Context, in app.Input) (string, error) {
	sess, err := open(in)
	if err != nil {
		return "", err
	}
	sess.Config.Credentials = stscreds.NewCredentials(sess.Copy(), standin.RoleARN)
	return tables(ctx, sess)
}

// tables calls DynamoDB, and returns where the credentials are from.
func tables(ctx context.Context, sess *session.Session) (string, error) {
	if _, err := dynamodb.New(sess).ListTablesWithContext(ctx, &dynamodb.ListTablesInput{}); err != nil {
		return "", err
	}
	credentials, err := sess.Config.Credentials.GetWithContext(ctx)
	return credentials.ProviderName, err
}
