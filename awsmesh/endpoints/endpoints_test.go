package endpoints

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/quick"
)

func TestResolve(t *testing.T) {
	aws := func(region string) Params { return Params{Region: region} }
	tests := []struct {
		service string
		p       Params
		host    string
		others  string // the other hosts, sorted
	}{
		{"sqs", aws("eu-west-1"), "sqs.eu-west-1.amazonaws.com", ""},
		{"sqs", aws("cn-north-1"), "sqs.cn-north-1.amazonaws.com.cn", ""},
		{"sqs", aws("eusc-de-east-1"), "sqs.eusc-de-east-1.amazonaws.eu", ""},
		{"aiops", Params{Region: "eu-west-1", FIPS: true}, "aiops-fips.eu-west-1.amazonaws.com", ""},
		{"aiops", Params{Region: "eu-west-1", DualStack: true}, "aiops.eu-west-1.api.aws", ""},
		{"aiops", Params{Region: "eu-west-1", FIPS: true, DualStack: true}, "aiops-fips.eu-west-1.api.aws", ""},
		{"dynamodb", aws("eu-west-1"), "dynamodb.eu-west-1.amazonaws.com",
			"*.ddb.eu-west-1.amazonaws.com *.search-ddb.eu-west-1.amazonaws.com search-dynamodb.eu-west-1.amazonaws.com"},
		{"DynamoDB", Params{Region: "us-east-1", FIPS: true}, "dynamodb-fips.us-east-1.amazonaws.com",
			"search-dynamodb-fips.us-east-1.amazonaws.com"},
		{"dynamodb", Params{Region: "us-east-1", DualStack: true}, "dynamodb.us-east-1.api.aws",
			"*.ddb.us-east-1.api.aws *.search-ddb.us-east-1.api.aws search-dynamodb.us-east-1.api.aws"},
		{"s3", aws("eu-west-1"), "s3.eu-west-1.amazonaws.com",
			"*.s3-accesspoint.eu-west-1.amazonaws.com *.s3-object-lambda.eu-west-1.amazonaws.com " +
				"*.s3-outposts.eu-west-1.amazonaws.com *.s3.eu-west-1.amazonaws.com " +
				"s3-object-lambda.eu-west-1.amazonaws.com s3express-control.eu-west-1.amazonaws.com"},
		{"s3", aws("us-east-1"), "s3.us-east-1.amazonaws.com",
			"*.s3-accesspoint.us-east-1.amazonaws.com *.s3-object-lambda.us-east-1.amazonaws.com " +
				"*.s3-outposts.us-east-1.amazonaws.com *.s3.amazonaws.com *.s3.us-east-1.amazonaws.com " +
				"s3-object-lambda.us-east-1.amazonaws.com s3.amazonaws.com s3express-control.us-east-1.amazonaws.com"},
		{"s3", Params{Region: "eu-west-1", FIPS: true, DualStack: true}, "s3-fips.dualstack.eu-west-1.amazonaws.com",
			"*.s3-accesspoint-fips.dualstack.eu-west-1.amazonaws.com *.s3-fips.dualstack.eu-west-1.amazonaws.com " +
				"s3express-control-fips.dualstack.eu-west-1.amazonaws.com"},
		{"s3control", aws("eu-west-1"), "s3-control.eu-west-1.amazonaws.com",
			"*.s3-control.eu-west-1.amazonaws.com s3-outposts.eu-west-1.amazonaws.com s3express-control.eu-west-1.amazonaws.com"},
		{"sts", aws("eu-west-1"), "sts.eu-west-1.amazonaws.com", "sts.amazonaws.com"},
		{"sts", aws("us-gov-west-1"), "sts.us-gov-west-1.amazonaws.com", ""},
		{"logs", aws("eu-west-1"), "logs.eu-west-1.amazonaws.com",
			"stream-logs.eu-west-1.amazonaws.com streaming-logs.eu-west-1.amazonaws.com"},
		{"CloudWatch Logs", Params{Region: "eu-west-1", DualStack: true}, "logs.eu-west-1.api.aws", "stream-logs.eu-west-1.api.aws"},
		{"stepfunctions", aws("eu-west-1"), "states.eu-west-1.amazonaws.com", "sync-states.eu-west-1.amazonaws.com"},
		{"cloudwatch", aws("eu-west-1"), "monitoring.eu-west-1.amazonaws.com", ""},
		{"ecr", aws("eu-west-1"), "api.ecr.eu-west-1.amazonaws.com", ""},
		{"ses", aws("eu-west-1"), "email.eu-west-1.amazonaws.com", ""},
		{"cognito-idp", aws("eu-west-1"), "cognito-idp.eu-west-1.amazonaws.com", ""},
		{"dsql", aws("eu-west-1"), "dsql.eu-west-1.api.aws", ""},
		{"kinesis", aws("eu-west-1"), "kinesis.eu-west-1.amazonaws.com",
			"*.control-kinesis-queues.eu-west-1.amazonaws.com *.control-kinesis.eu-west-1.amazonaws.com " +
				"*.data-kinesis-queues.eu-west-1.amazonaws.com *.data-kinesis.eu-west-1.amazonaws.com " +
				"kinesis-queues.eu-west-1.amazonaws.com"},
		{"events", aws("eu-west-1"), "events.eu-west-1.amazonaws.com", "*.endpoint.events.amazonaws.com"},
		{"cloudfront-keyvaluestore", aws("eu-west-1"), "", "*.cloudfront-kvs.global.api.aws"},
		{"timestream-query", aws("eu-west-1"), "query.timestream.eu-west-1.amazonaws.com", "*.timestream.eu-west-1.amazonaws.com"},
		{"iam", aws("ap-east-1"), "iam.amazonaws.com", ""},
		{"iam", aws("cn-north-1"), "iam.cn-north-1.amazonaws.com.cn", ""},
		{"route53", aws("us-gov-east-1"), "route53.us-gov.amazonaws.com", ""},
		{"cloudfront", aws("eu-west-1"), "cloudfront.amazonaws.com", ""},
		{"lambda", aws("me-west-1"), "lambda.me-west-1.amazonaws.com", ""}, // a region that endpoints.json does not know
	}
	for _, tt := range tests {
		for range 2 { // the second time from memory
			got, err := Resolve(tt.service, tt.p)
			if err != nil {
				t.Errorf("Resolve(%q, %+v): %v", tt.service, tt.p, err)
				continue
			}
			want := strings.Fields(tt.host + " " + tt.others)
			slices.Sort(want)
			if got.Host != tt.host || !slices.Equal(got.Hosts, want) {
				t.Errorf("Resolve(%q, %+v) = %q %q, want %q %q", tt.service, tt.p, got.Host, got.Hosts, tt.host, want)
			}
		}
	}
}

func TestResolveErrors(t *testing.T) {
	long := strings.Repeat("é", 1<<19)
	tests := []struct {
		service string
		p       Params
		want    string
	}{
		{"dynamo", Params{Region: "eu-west-1"}, `unknown AWS service "dynamo" (did you mean "dynamodb"?)`},
		{"dynamodb", Params{Region: "eu-west-9"}, `unknown AWS region "eu-west-9" (did you mean "eu-west-1"?)`},
		{"dynamodb", Params{Region: "EU-WEST-1"}, `unknown AWS region "EU-WEST-1" (did you mean "eu-west-1"?)`},
		{"dynamodb", Params{Region: "mars-1"}, `unknown AWS region "mars-1"`},
		{"dynamodb", Params{Region: "aws-global"}, `unknown AWS region "aws-global"`},
		{"dynamodb", Params{}, `unknown AWS region ""`},
		{"email", Params{Region: "eu-west-1"}, `ambiguous AWS service "email" (one of "pinpoint-email", "ses", "sesv2")`},
		{"amplify", Params{Region: "af-south-1"},
			`AWS service "amplify" has no endpoint in region "af-south-1" (nearest: "eu-central-1", "eu-north-1", "eu-south-1")`},
		{"amplify", Params{Region: "af-south-1", FIPS: true},
			`AWS service "amplify" has no FIPS endpoint in region "af-south-1" (nearest: "eu-central-1", "eu-north-1", "eu-south-1")`},
		{"s3", Params{Region: "cn-north-1", FIPS: true},
			`AWS service "s3" has no FIPS endpoint in region "cn-north-1" (it has one without AWS_USE_FIPS_ENDPOINT)`},
		{long, Params{Region: "eu-west-1"}, `unknown AWS service "` + strings.Repeat("é", 32) + `"…`},
		{"s3", Params{Region: long}, `unknown AWS region "` + strings.Repeat("é", 32) + `"…`},
	}
	for _, tt := range tests {
		_, err := Resolve(tt.service, tt.p)
		if err == nil || err.Error() != tt.want {
			t.Errorf("Resolve(%.20q, %.20q…) error = %v, want %s", tt.service, tt.p.Region, err, tt.want)
		}
	}
}

func TestLookup(t *testing.T) {
	tests := []struct{ name, want string }{
		{"dynamodb", "dynamodb"},
		{"DynamoDB", "dynamodb"},
		{"CLOUDWATCH_LOGS", "logs"},
		{"cloudwatchlogs", "logs"},
		{"CloudWatch Logs", "logs"},
		{"cloudwatch-logs", "logs"},
		{"states", "stepfunctions"},
		{"sfn", "stepfunctions"},
		{"SFN", "stepfunctions"},
		{"monitoring", "cloudwatch"},
		{"EventBridge", "events"},
		{"dynamodb-streams", "dynamodbstreams"},
		{"streams.dynamodb", "dynamodbstreams"},
		{"s3api", "s3"},
		{"s3-control", "s3control"},
		{"configservice", "config"},
		{"deploy", "codedeploy"},
		{"rds", "rds"}, // a name, though Neptune and DocumentDB sign as rds
		{"es", "es"},
	}
	for _, tt := range tests {
		if got, err := Lookup(tt.name); err != nil || got.Name != tt.want {
			t.Errorf("Lookup(%q) = %q, %v, want %q", tt.name, got.Name, err, tt.want)
		}
	}
}

func TestLookupNearest(t *testing.T) {
	tests := []struct{ name, want string }{
		{"dynamo", "dynamodb"},
		{"secretmanager", "secretsmanager"},
		{"secrets", "secretsmanager"},
		{"stepfunction", "stepfunctions"},
		{"lamdba", "lambda"},
		{"sqss", "sqs"},
		{"cognito", "cognito-idp"},
		{"ddb", ""},
		{"s4", ""},
		{"postgres", ""},
		{"", ""},
	}
	for _, tt := range tests {
		_, err := Lookup(tt.name)
		var unknown *UnknownServiceError
		if !errors.As(err, &unknown) || unknown.Nearest != tt.want || unknown.Name != tt.name {
			t.Errorf("Lookup(%q) error = %+v, want nearest %q", tt.name, err, tt.want)
		}
	}
}

func TestEnvSuffix(t *testing.T) {
	for name, want := range map[string]string{
		"dynamodb": "DYNAMODB", "stepfunctions": "SFN", "logs": "CLOUDWATCH_LOGS",
		"events": "EVENTBRIDGE", "cognito-idp": "COGNITO_IDENTITY_PROVIDER",
	} {
		if s, err := Lookup(name); err != nil || s.EnvSuffix() != want {
			t.Errorf("Lookup(%q).EnvSuffix() = %q, %v, want %q", name, s.EnvSuffix(), err, want)
		}
	}
}

// Whoever changes a result changes nobody else's.
func TestResolveIsolated(t *testing.T) {
	p := Params{Region: "eu-central-1"}
	for range 3 {
		got, err := Resolve("sqs", p)
		if err != nil || got.Hosts[0] != "sqs.eu-central-1.amazonaws.com" {
			t.Fatalf("Resolve = %q, %v", got.Hosts, err)
		}
		got.Hosts[0] = "changed"
	}
}

func TestMemoBounded(t *testing.T) {
	for _, s := range Services() {
		for _, r := range []string{"eu-west-1", "us-east-1", "us-west-2"} {
			_, _ = Resolve(s.Name, Params{Region: r}) // not every service is everywhere
		}
	}
	if n := len(table().resolved.endpoints); n == 0 || n > maxResolved {
		t.Errorf("%d endpoints are remembered, want 1 to %d", n, maxResolved)
	}
}

func TestEditDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "ab", 2}, {"sqs", "sns", 1}, {"lamdba", "lambda", 1}, {"kms", "ecs", 2}, {"kitten", "sitting", 3},
	}
	for _, tt := range tests {
		if got := EditDistance(tt.a, tt.b); got != tt.want {
			t.Errorf("EditDistance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
	symmetric := func(a, b string) bool { return EditDistance(a, b) == EditDistance(b, a) && EditDistance(a, a) == 0 }
	if err := quick.Check(symmetric, nil); err != nil {
		t.Error(err)
	}
}
