package aws

import (
	"net"
	"regexp"
	"slices"
	"strings"
)

// The services that are more than an echo, by the label that stands for them in a host
// name.
var serviceLabels = map[string]string{
	"s3": "s3", "s3-fips": "s3", "s3-accesspoint": "s3", "s3-accesspoint-fips": "s3", "s3-accelerate": "s3", "s3-external-1": "s3",
	"dynamodb": "dynamodb", "dynamodb-fips": "dynamodb", "ddb": "dynamodb",
	"kinesis": "kinesis", "kinesis-fips": "kinesis", "data-kinesis": "kinesis", "control-kinesis": "kinesis",
	"sqs": "sqs", "sqs-fips": "sqs", "queue": "sqs", // the last for the AWS CLI v1
	"secretsmanager": "secretsmanager", "secretsmanager-fips": "secretsmanager",
	"sts": "sts", "sts-fips": "sts",
}

var regionCode = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-\d$`)

// A host is what a host name says of a request.
type host struct {
	service string // empty: any other
	prefix  string // labels before the service's: a bucket, an access point, an account
	region  string // us-east-1 if the name has none
	global  bool   // the name has none
}

// parseHost reads a host name of AWS, as in "bucket.s3.eu-west-1.amazonaws.com". A port
// is dropped.
func parseHost(name string) host {
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	labels := strings.Split(strings.ToLower(name), ".")
	h := host{region: "us-east-1", global: true}
	// From the right: a bucket may be named like a service or a region.
	for i, label := range slices.Backward(labels) {
		if h.service = serviceLabels[label]; h.service != "" {
			h.prefix = strings.Join(labels[:i], ".")
			break
		}
		if h.global && regionCode.MatchString(label) {
			h.region, h.global = label, false
		}
	}
	return h
}
