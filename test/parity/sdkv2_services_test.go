package parity

import (
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/dsql"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/mediaconvert"
	"github.com/aws/aws-sdk-go-v2/service/neptunegraph"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ses"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/timestreamquery"
	"github.com/aws/aws-sdk-go-v2/service/timestreamwrite"
	"github.com/aws/aws-sdk-go-v2/service/waf"
	"github.com/aws/aws-sdk-go-v2/service/xray"
)

// v2Services are resolvers of aws-sdk-go-v2, and what requests add to their parameters. Some
// large clients whose hosts have the ordinary form, such as EC2's, would be a third of what
// is compiled here: aws-sdk-go's resolver, which has all services, stands for them.
var v2Services = []struct {
	name     string
	resolver any
	requests []with
}{
	{"accessanalyzer", accessanalyzer.NewDefaultEndpointResolverV2(), nil},
	{"acm", acm.NewDefaultEndpointResolverV2(), []with{
		{"ServiceType": "ACM"},
		{"ServiceType": "ACM-ACME"},
	}},
	{"apigateway", apigateway.NewDefaultEndpointResolverV2(), nil},
	{"athena", athena.NewDefaultEndpointResolverV2(), nil},
	{"bedrock-runtime", bedrockruntime.NewDefaultEndpointResolverV2(), nil},
	{"cloudformation", cloudformation.NewDefaultEndpointResolverV2(), nil},
	{"cloudfront", cloudfront.NewDefaultEndpointResolverV2(), nil},
	{"cloudwatch", cloudwatch.NewDefaultEndpointResolverV2(), nil},
	{"logs", cloudwatchlogs.NewDefaultEndpointResolverV2(), nil},
	{"cognito-idp", cognitoidentityprovider.NewDefaultEndpointResolverV2(), nil},
	{"dsql", dsql.NewDefaultEndpointResolverV2(), nil},
	{"dynamodb", dynamodb.NewDefaultEndpointResolverV2(), []with{
		{"AccountId": "111122223333", "AccountIdEndpointMode": "preferred"},
		{"AccountId": "111122223333", "AccountIdEndpointMode": "required"},
		{"ResourceArn": "arn:PARTITION:dynamodb:REGION:111122223333:table/orders", "AccountIdEndpointMode": "preferred"},
	}},
	{"dynamodbstreams", dynamodbstreams.NewDefaultEndpointResolverV2(), nil},
	{"ecr", ecr.NewDefaultEndpointResolverV2(), nil},
	{"ecs", ecs.NewDefaultEndpointResolverV2(), nil},
	{"eks", eks.NewDefaultEndpointResolverV2(), nil},
	{"elasticache", elasticache.NewDefaultEndpointResolverV2(), nil},
	{"events", eventbridge.NewDefaultEndpointResolverV2(), []with{
		{"EndpointId": "abcde.veo"},
	}},
	{"firehose", firehose.NewDefaultEndpointResolverV2(), nil},
	{"iam", iam.NewDefaultEndpointResolverV2(), nil},
	{"kinesis", kinesis.NewDefaultEndpointResolverV2(), []with{
		{"OperationType": "data"},
		{"OperationType": "data", "StreamARN": "arn:PARTITION:kinesis:REGION:111122223333:stream/orders"},
		{"OperationType": "control", "StreamARN": "arn:PARTITION:kinesis:REGION:111122223333:stream/orders"},
		{"OperationType": "data", "ConsumerARN": "arn:PARTITION:kinesis:REGION:111122223333:stream/orders/consumer/c:1"},
		{"OperationType": "control", "AccountId": "111122223333", "AccountIdEndpointMode": "preferred"},
		{"OperationType": "data", "ChannelARN": "arn:PARTITION:kinesis:REGION:111122223333:channel/orders"},
	}},
	{"kms", kms.NewDefaultEndpointResolverV2(), nil},
	{"lambda", lambda.NewDefaultEndpointResolverV2(), nil},
	{"mediaconvert", mediaconvert.NewDefaultEndpointResolverV2(), nil},
	{"neptune-graph", neptunegraph.NewDefaultEndpointResolverV2(), []with{
		{"ApiType": "ControlPlane"},
		{"ApiType": "DataPlane"},
	}},
	{"opensearch", opensearch.NewDefaultEndpointResolverV2(), nil},
	{"organizations", organizations.NewDefaultEndpointResolverV2(), nil},
	{"route53", route53.NewDefaultEndpointResolverV2(), nil},
	{"s3", s3.NewDefaultEndpointResolverV2(), []with{
		{"Bucket": "orders"},
		{"Bucket": "or.de.rs"},
		{"Bucket": "Orders_1"},
		{"Bucket": "orders", "ForcePathStyle": true},
		{"Bucket": "orders", "UseGlobalEndpoint": true},
		{"UseGlobalEndpoint": true},
		{"Bucket": "arn:PARTITION:s3:REGION:111122223333:accesspoint/orders"},
		{"Bucket": "arn:PARTITION:s3-object-lambda:REGION:111122223333:accesspoint/orders"},
		{"Bucket": "arn:PARTITION:s3-outposts:REGION:111122223333:outpost/op-01234567890123456/accesspoint/orders"},
		{"UseObjectLambdaEndpoint": true},
		{"UseS3ExpressControlEndpoint": true},
		{"Bucket": "orders--use1-az4--x-s3", "UseS3ExpressControlEndpoint": true},
		{"Bucket": "test-accessp-o0b1d075431d83bebde8xz5w8ijx1qzlbp3i3ebeta0--op-s3"},
	}},
	{"s3control", s3control.NewDefaultEndpointResolverV2(), []with{
		{"AccountId": "111122223333", "RequiresAccountId": true},
		{"AccountId": "111122223333", "RequiresAccountId": true, "OutpostId": "op-01234567890123456"},
		{"AccountId": "111122223333", "RequiresAccountId": true, "Bucket": "arn:PARTITION:s3-outposts:REGION:111122223333:outpost/op-01234567890123456/bucket/orders"},
		{"AccountId": "111122223333", "RequiresAccountId": true, "AccessPointName": "arn:PARTITION:s3-outposts:REGION:111122223333:outpost/op-01234567890123456/accesspoint/orders"},
	}},
	{"secretsmanager", secretsmanager.NewDefaultEndpointResolverV2(), nil},
	{"ses", ses.NewDefaultEndpointResolverV2(), nil},
	{"sesv2", sesv2.NewDefaultEndpointResolverV2(), []with{
		{"EndpointId": "abcdef12.g3h"},
	}},
	{"stepfunctions", sfn.NewDefaultEndpointResolverV2(), nil},
	{"signin", signin.NewDefaultEndpointResolverV2(), []with{
		{"IsControlPlane": true},
		{"IsControlPlane": false},
		{"IsOAuthEndpoint": true},
	}},
	{"sns", sns.NewDefaultEndpointResolverV2(), nil},
	{"sqs", sqs.NewDefaultEndpointResolverV2(), nil},
	{"ssm", ssm.NewDefaultEndpointResolverV2(), nil},
	{"sts", sts.NewDefaultEndpointResolverV2(), []with{
		{"UseGlobalEndpoint": true},
	}},
	{"timestream-query", timestreamquery.NewDefaultEndpointResolverV2(), nil},
	{"timestream-write", timestreamwrite.NewDefaultEndpointResolverV2(), nil},
	{"waf", waf.NewDefaultEndpointResolverV2(), nil},
	{"xray", xray.NewDefaultEndpointResolverV2(), nil},
}
