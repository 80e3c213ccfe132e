package aws

import "testing"

func TestParseHost(t *testing.T) {
	for name, want := range map[string]host{
		"s3.amazonaws.com":                                       {"s3", "", "us-east-1", true},
		"bucket.s3.amazonaws.com:443":                            {"s3", "bucket", "us-east-1", true},
		"a.dotted.bucket.s3.eu-west-1.amazonaws.com":             {"s3", "a.dotted.bucket", "eu-west-1", false},
		"bucket.s3.dualstack.ap-southeast-2.amazonaws.com":       {"s3", "bucket", "ap-southeast-2", false},
		"my-bucket-1.s3.amazonaws.com":                           {"s3", "my-bucket-1", "us-east-1", true},
		"my-bucket-1.s3.eu-west-1.amazonaws.com":                 {"s3", "my-bucket-1", "eu-west-1", false},
		"my-api-1.execute-api.eu-west-1.amazonaws.com":           {"", "", "eu-west-1", false},
		"sqs.s3.eu-west-1.amazonaws.com":                         {"s3", "sqs", "eu-west-1", false},
		"ap-123456789012.s3-accesspoint.us-west-2.amazonaws.com": {"s3", "ap-123456789012", "us-west-2", false},
		"bucket.s3.cn-north-1.amazonaws.com.cn":                  {"s3", "bucket", "cn-north-1", false},
		"DynamoDB.us-gov-west-1.amazonaws.com":                   {"dynamodb", "", "us-gov-west-1", false},
		"123456789012.ddb.eusc-de-east-1.amazonaws.eu":           {"dynamodb", "123456789012", "eusc-de-east-1", false},
		"123456789012.data-kinesis.eu-west-1.amazonaws.com":      {"kinesis", "123456789012", "eu-west-1", false},
		"sts.amazonaws.com":                                      {"sts", "", "us-east-1", true},
		"sqs.eu-west-1.api.aws":                                  {"sqs", "", "eu-west-1", false},
		"123456789012.s3-control.eu-west-1.amazonaws.com":        {"", "", "eu-west-1", false},
		"iam.amazonaws.com":                                      {"", "", "us-east-1", true},
		"":                                                       {"", "", "us-east-1", true},
	} {
		if got := parseHost(name); got != want {
			t.Errorf("parseHost(%q) = %+v, want %+v", name, got, want)
		}
	}
}
