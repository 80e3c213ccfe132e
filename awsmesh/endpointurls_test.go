package awsmesh

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

func TestEndpointURLs(t *testing.T) {
	for _, test := range []struct {
		params   endpoints.Params
		services string
		want     string // variables and their values
		unfit    string // service: why
	}{
		{
			params: endpoints.Params{Region: "eu-west-1"}, services: "cloudwatch,dynamodb,sts",
			want: "AWS_ENDPOINT_URL_CLOUDWATCH=http://monitoring.eu-west-1.amazonaws.com:443 " +
				"AWS_ENDPOINT_URL_DYNAMODB=http://dynamodb.eu-west-1.amazonaws.com:443 " +
				"AWS_ENDPOINT_URL_STS=http://sts.eu-west-1.amazonaws.com:443",
		},
		{
			params: endpoints.Params{Region: "eu-west-1"}, services: "bedrock-runtime,kinesis,logs,s3,s3control,sqs",
			unfit: "bedrock-runtime: " + HTTP2 + "; kinesis: " + ManyHosts + "; logs: " + ManyHosts + "; s3: " + ManyHosts + "; s3control: " + ManyHosts + "; sqs: " + ManyHosts,
		},
		{ // it is the host that decides, not that there is only one
			params: endpoints.Params{Region: "eu-west-1"}, services: "ce,iam,sustainability",
			unfit: "ce: " + OtherRegion + "; iam: " + OtherRegion + "; sustainability: " + OtherRegion,
		},
		{params: endpoints.Params{Region: "us-east-1"}, services: "ce", want: "AWS_ENDPOINT_URL_COST_EXPLORER=http://ce.us-east-1.amazonaws.com:443"},
		{params: endpoints.Params{Region: "us-east-1", FIPS: true}, services: "dynamodb", unfit: "dynamodb: " + Variant},
		{params: endpoints.Params{Region: "us-east-1", DualStack: true}, services: "dynamodb", unfit: "dynamodb: " + Variant},
	} {
		vars, unfit := Plan{Services: strings.Split(test.services, ","), Params: test.params}.EndpointURLs()
		var got, why []string
		for _, v := range vars {
			got = append(got, v.Name+"="+v.Value)
		}
		for _, service := range slices.Sorted(maps.Keys(unfit)) {
			why = append(why, service+": "+unfit[service])
		}
		if strings.Join(got, " ") != test.want || strings.Join(why, "; ") != test.unfit {
			t.Errorf("EndpointURLs of %s, %+v = %q, %q, want %q, %q", test.services, test.params, got, why, test.want, test.unfit)
		}
	}
}
