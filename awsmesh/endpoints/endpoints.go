// Package endpoints knows the hosts of AWS services: which names a client of
// a service in a region may call.
//
//	service, region, variant → table → host, and every host a call may go to
//
// The table is generated from the rule sets that AWS publishes with botocore,
// by botocore's own engine (generate/). What the table does not know is an
// error that names the nearest right spelling, never a guessed host name.
//
// # Hosts
//
// [Endpoint.Hosts] holds exact names, and patterns "*.suffix" that match one or
// more labels in front of suffix. A pattern stands wherever a request fills in
// part of the host: a bucket, an account, an endpoint id. Every pattern keeps a
// label that belongs to the service, so that it opens nothing else.
//
// Names that the rule sets do not hold are there where AWS gives them out at run
// time (Timestream's cells, a signaling channel's endpoint) and where an SDK
// that is older than the rule sets uses them (streaming-logs, sts.amazonaws.com).
//
// # What is left out
//
//   - S3 Transfer Acceleration and multi-region access points: a client or a call
//     opts into them, and their hosts lie outside of the region.
//   - Zonal hosts of S3 Express directory buckets: they carry the id of an
//     availability zone, and a pattern over all zones would need two wildcards.
//     s3express-control, which serves the region, is there.
//   - Hosts that the user's own settings name: AWS_ENDPOINT_URL, a client's
//     endpoint option, the MTurk sandbox.
//
// # Regions
//
// A region is refused for a service only where AWS's own list has both and does
// not have them together. A region or service that is newer than that list
// resolves by the rule set. Global services resolve, in every region of their
// partition, to their global host.
package endpoints

import (
	"slices"
	"strings"
)

// Params are the inputs of an AWS endpoint rule set that a container's
// environment decides.
type Params struct {
	Region    string `json:"region"`
	FIPS      bool   `json:"fips,omitempty"`      // AWS_USE_FIPS_ENDPOINT
	DualStack bool   `json:"dualStack,omitempty"` // AWS_USE_DUALSTACK_ENDPOINT
}

// Service is one AWS service.
type Service struct {
	Name    string   `json:"name"`              // AWS CLI name, canonical: "dynamodb", "stepfunctions"
	ID      string   `json:"id"`                // SDK service id: "DynamoDB", "SFN"
	Aliases []string `json:"aliases,omitempty"` // endpoint prefixes, signing names and the like that mean this service alone
}

// EnvSuffix returns what follows AWS_ENDPOINT_URL_ in the name of the variable
// for s: "CLOUDWATCH_LOGS" for "CloudWatch Logs".
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
func (s Service) EnvSuffix() string {
	return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToUpper(s.ID))
}

// Region is a region of AWS. Pseudo regions such as "aws-global" are not regions.
type Region struct {
	Name      string // "eu-west-1"
	Partition string // "aws", "aws-cn", …
	Suffix    string // DNS suffix: "amazonaws.com"

	dual string // DNS suffix of dual-stack hosts
}

// Endpoint is where a service is called.
type Endpoint struct {
	Service Service
	Host    string   // what a client with no further setting calls; empty where every call goes to a templated host
	Hosts   []string // every host that an SDK call may go to, Host included: exact names and "*.suffix" patterns, sorted
}

// Services returns all services, sorted by name.
func Services() []Service {
	services := make([]Service, len(table().services))
	for i, e := range table().services {
		services[i] = e.Service
	}
	return services
}

// Regions returns all regions of all partitions, partition by partition.
func Regions() []Region {
	return slices.Clone(table().regions)
}

// CheckRegion reports an [*UnknownRegionError] if there is no such region.
func CheckRegion(region string) error {
	_, err := table().region(region)
	return err
}

// Source returns what the table was made from: "botocore 1.44.5".
func Source() string {
	return table().source
}

// Lookup returns the service called name: its AWS CLI name, else its SDK id,
// else one of its aliases, whatever the case, with spaces and hyphens or
// without. It reports an [*UnknownServiceError], also for a name that several
// services share.
func Lookup(name string) (Service, error) {
	e, err := table().lookup(name)
	if err != nil {
		return Service{}, err
	}
	return e.Service, nil
}

// Resolve returns the endpoint of service, by any name that [Lookup] accepts,
// under p. It reports an [*UnknownServiceError], an [*UnknownRegionError] or,
// where the service is not in the region or not in the variant, a
// [*NotInRegionError].
func Resolve(service string, p Params) (Endpoint, error) {
	t := table()
	e, err := t.lookup(service)
	if err != nil {
		return Endpoint{}, err
	}
	if endpoint, ok := t.resolved.get(e.Name, p); ok {
		return endpoint, nil
	}
	region, err := t.region(p.Region)
	if err != nil {
		return Endpoint{}, err
	}
	hosts := e.hosts(region, variantOf(p))
	if hosts == nil {
		return Endpoint{}, t.notInRegion(e, region, p)
	}
	endpoint := Endpoint{Service: e.Service, Hosts: hosts}
	if hosts[0] == noHost {
		endpoint.Hosts = hosts[1:]
	} else {
		endpoint.Host = hosts[0]
	}
	slices.Sort(endpoint.Hosts)
	t.resolved.put(e.Name, p, endpoint)
	endpoint.Hosts = slices.Clone(endpoint.Hosts)
	return endpoint, nil
}
