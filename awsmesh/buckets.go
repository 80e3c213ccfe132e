package awsmesh

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

func checkBucket(name string) (string, error) {
	switch {
	case strings.Contains(name, "."):
		return "", fmt.Errorf("S3 bucket %s has a dot: AWS's certificate does not cover its host, and by path every other bucket is reachable too; leave the annotation out", endpoints.Quote(name))
	case !bucketName.MatchString(name):
		return "", fmt.Errorf("%s is not an S3 bucket name (3 to 63 lower-case letters, digits and hyphens)", endpoints.Quote(name))
	}
	return name, nil
}

// bucketHosts narrows the hosts of S3 to buckets: only virtual-hosted names remain,
// since the regional host reaches every bucket by path.
func bucketHosts(s3 endpoints.Endpoint, buckets []string) []string {
	var hosts []string
	for _, pattern := range s3.Hosts {
		suffix, wild := strings.CutPrefix(pattern, "*.")
		if !wild || !(strings.HasPrefix(suffix, "s3.") || strings.HasPrefix(suffix, "s3-fips.")) {
			continue
		}
		for _, b := range buckets {
			hosts = append(hosts, b+"."+suffix)
		}
	}
	return hosts
}
