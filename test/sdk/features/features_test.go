package features

import (
	"slices"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/v1"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/v2"
	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

// TestFeatures demands of each feature what the table says.
func TestFeatures(t *testing.T) {
	p := newPlayer(t, "REGISTRY_ONLY")
	p.listSecondRegion(t)
	for _, f := range features() {
		t.Run(f.name, func(t *testing.T) { p.test(t, f) })
	}
	t.Log("\n" + table(all()))
}

func features() []feature {
	return slices.Concat(items(), objects(), services(), credentials(), traces())
}

// items are what applications do with DynamoDB.
func items() []feature {
	const one = "got 1, updated 3 attributes, queried 1, 0 after the delete"
	return []feature{
		same("DynamoDB: one item", v1.Items, v2.Items, one),
		same("DynamoDB: batches", v1.Batch, v2.Batch, "wrote 25, got 25"),
		{
			name: "DynamoDB: 32 goroutines", meshOnly: true,
			v1: variant{call: v1.Concurrent, want: "1600 calls"},
			v2: variant{call: v2.Concurrent, want: "1600 calls"},
		},
		{
			name: "DynamoDB: endpoint of the account", check: called(aws.AccountID + ".ddb.eu-west-1.amazonaws.com"),
			v1: variant{why: "this SDK knows the regional endpoint alone"},
			v2: variant{call: v2.AssumeRole, want: "AssumeRoleProvider"},
		},
		{
			name: "DynamoDB: AWS_ENDPOINT_URL_DYNAMODB", check: called("dynamodb.eu-west-1.amazonaws.com"),
			env: stage.Env{"AWS_ENDPOINT_URL_DYNAMODB": "http://dynamodb.eu-west-1.amazonaws.com:443"}, meshOnly: true,
			v1: variant{call: v1.Items, want: one},
			v2: variant{call: v2.Items, want: one},
		},
	}
}

// services are other services, the first of which keeps a request waiting.
func services() []feature {
	return []feature{
		{
			name: "SQS: long poll", meshOnly: true,
			v1: variant{call: v1.LongPoll, want: "0 messages in vain, then 1"},
			v2: variant{call: v2.LongPoll, want: "0 messages in vain, then 1"},
		},
		same("Kinesis: put and get", v1.Stream, v2.Stream, "read 1: a click"),
		same("Secrets Manager: create and get", v1.Secret, v2.Secret, "read correct horse"),
		same("STS: who am I", v1.Identity, v2.Identity, "arn:aws:iam::"+aws.AccountID+":user/aws-mesh-test"),
	}
}

// credentials are the providers, each of which has a call to DynamoDB signed.
func credentials() []feature {
	provider := func(name string, env stage.Env, source string) feature {
		f := same("Credentials: "+name, v1.Credentials, v2.Credentials, source)
		f.env, f.keyless, f.check, f.refused = env, true, session, webIdentity
		return f
	}
	return []feature{
		{
			name: "Credentials: AssumeRole", check: session,
			v1: variant{call: v1.AssumeRole, want: "AssumeRoleProvider"},
			v2: variant{call: v2.AssumeRole, want: "AssumeRoleProvider"},
		},
		provider("AssumeRole in a profile", stage.Env{"AWS_CONFIG_FILE": app.ConfigFile, "AWS_SDK_LOAD_CONFIG": "1"}, "AssumeRoleProvider"),
		provider("web identity (IRSA)", stage.Env{"AWS_ROLE_ARN": aws.RoleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": app.WebIdentityTokenFile}, "WebIdentityCredentials"),
		provider("EKS Pod Identity", stage.Env{
			"AWS_CONTAINER_CREDENTIALS_FULL_URI":     "http://169.254.170.23" + aws.EKSPath,
			"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": app.PodIdentityTokenFile,
		}, "CredentialsEndpointProvider"),
		provider("ECS", stage.Env{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": aws.ECSPath}, "CredentialsEndpointProvider"),
		provider("IMDSv2", nil, "EC2RoleProvider"),
	}
}

// traces are calls made for an incoming request with trace headers.
func traces() []feature {
	const put = "put: works"
	return []feature{
		{
			name: "Tracing", check: traced,
			v1: variant{call: v1.Traced, want: put},
			v2: variant{call: v2.Traced, want: put},
		},
		{
			name: "Tracing: retry after a 500", check: both(traced, again), faults: []aws.Fault{{Kind: aws.ServerError, Times: 1}},
			v1: variant{call: v1.Traced, want: put},
			v2: variant{call: v2.Traced, want: put},
		},
		{
			name: "Tracing: retry after a reset", check: both(traced, again), faults: []aws.Fault{{Kind: aws.Reset, Times: 1}},
			v1: variant{
				call: v1.Traced, want: "put: RequestError", mesh: put,
				why: "this SDK does not retry a reset; Envoy makes a 503 of it, which it does",
			},
			v2: variant{call: v2.Traced, want: put},
		},
		{
			name: "Tracing: otelaws, retry after a 500", check: both(spans, again), faults: []aws.Fault{{Kind: aws.ServerError, Times: 1}},
			v1: variant{why: "otelaws is for the other SDK"},
			v2: variant{call: v2.OpenTelemetry, want: put},
		},
	}
}
