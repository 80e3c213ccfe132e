package awsmesh

import (
	"slices"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// EnvEndpointURL begins the names of the variables that tell AWS's SDKs the URL of one
// service; [endpoints.Service.EnvSuffix] ends them.
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
const EnvEndpointURL = "AWS_ENDPOINT_URL_"

// Why a service is not called through an endpoint URL, as the end of a sentence.
const (
	ManyHosts   = "clients also call other hosts"
	OtherRegion = "with a URL, clients sign for their own region, and the host is not of that region"
	HTTP2       = "some SDKs call it over HTTP/2, and the sidecar speaks HTTP/1.1 to AWS"
	Variant     = "SDKs refuse a URL together with AWS_USE_FIPS_ENDPOINT or AWS_USE_DUALSTACK_ENDPOINT"
)

// http2 are the services whose models say "protocolSettings: h2", and that would fit
// otherwise. The SDK for JavaScript calls them over HTTP/2 whatever the operation, and
// signs the pseudo-header :authority. Source: botocore's service-2.json.
var http2 = []string{"bedrock-runtime", "lexv2-runtime", "polly", "qbusiness", "sagemakertrainingsessionruntime"}

// EndpointURLs returns AWS_ENDPOINT_URL_<SERVICE> for the services of p whose clients,
// told so, call the sidecar in plaintext and are understood by AWS: in every SDK that
// reads the variable. For the other services it returns why not.
func (p Plan) EndpointURLs() (vars []Var, unfit map[string]string) {
	unfit = map[string]string{}
	for _, service := range p.Services {
		e, err := endpoints.Resolve(service, p.Params)
		if why := misfit(e, p.Params); err != nil || why != "" {
			unfit[service] = why
			continue
		}
		vars = append(vars, Var{Name: EnvEndpointURL + e.Service.EnvSuffix(), Value: "http://" + e.Host + ":443"})
	}
	return vars, unfit
}

// misfit returns why e is not to be called through a URL, or "".
func misfit(e endpoints.Endpoint, p endpoints.Params) string {
	switch name := e.Service.Name; {
	case p.FIPS || p.DualStack:
		return Variant
	case name == "s3", name == "s3control", name == "sqs": // buckets, accounts and queues have URLs of their own
		return ManyHosts
	case !strings.Contains("."+e.Host+".", "."+p.Region+"."), name == "sustainability": // signed for all regions
		return OtherRegion
	case slices.Contains(http2, name):
		return HTTP2
	case name == "dynamodb", name == "sts": // with a URL, clients call that host and no other
		return ""
	case len(e.Hosts) != 1 || e.Hosts[0] != e.Host:
		return ManyHosts
	}
	return ""
}
