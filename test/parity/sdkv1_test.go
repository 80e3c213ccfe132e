package parity

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	v1 "github.com/aws/aws-sdk-go/aws/endpoints" //nolint:staticcheck // deprecated, and in use

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// v1Services are the services behind endpoint ids that name several.
var v1Services = map[string][]string{
	"cassandra":            {"keyspaces"},
	"email":                {"ses", "sesv2", "pinpoint-email"},
	"elasticloadbalancing": {"elb", "elbv2"},
	"execute-api":          {"apigatewaymanagementapi"},
	"sms-voice.pinpoint":   {"sms-voice", "pinpoint-sms-voice"},
}

// uncalled are keys of v1's model that none of its clients uses as EndpointsID:
// their services are called by another id, which is compared (rds, portal.sso, …).
var uncalled = []string{"docdb", "iotsecuredtunneling", "iotwireless", "neptune", "sms-voice", "sso"}

// aws-sdk-go v1.55.8 is frozen; its model is an older endpoints.json.
func TestSDKv1(t *testing.T) {
	d := differences{}
	evaluations := 0
	for _, partition := range v1.DefaultPartitions() {
		regions := slices.DeleteFunc(endpoints.Regions(), func(r endpoints.Region) bool { return r.Partition != partition.ID() })
		for id := range partition.Services() {
			if slices.Contains(uncalled, id) {
				continue
			}
			names := v1Services[id]
			if names == nil {
				names = []string{id}
			}
			if _, err := endpoints.Lookup(names[0]); err != nil {
				d.add(id, "any", "", "listed", "no such service")
				continue
			}
			for _, name := range names {
				for _, r := range regions {
					for _, v := range variants {
						evaluations++
						compareV1(t, d, partition, id, name, r.Name, v.name, v.Params)
					}
				}
			}
		}
	}
	t.Logf("%d evaluations", evaluations)
	d.check(t, "testdata/sdkv1.txt")
}

func compareV1(t *testing.T, d differences, partition v1.Partition, id, name, region, variant string, p endpoints.Params) {
	t.Helper()
	_, listed := partition.Services()[id].Endpoints()[region]
	theirs, err := partition.EndpointFor(id, region, func(o *v1.Options) {
		if p.FIPS {
			o.UseFIPSEndpoint = v1.FIPSEndpointStateEnabled
		}
		if p.DualStack {
			o.UseDualStackEndpoint = v1.DualStackEndpointStateEnabled
		}
	})
	if err != nil {
		return
	}
	u, err := url.Parse(theirs.URL)
	if err != nil {
		t.Fatal(err)
	}
	p.Region = region
	ours, err := endpoints.Resolve(name, p)
	if notIn := new(endpoints.NotInRegionError); errors.As(err, &notIn) {
		if listed && !p.FIPS && !p.DualStack {
			d.add(id, variant, region, u.Host, "refused")
		}
		return
	}
	if err != nil {
		t.Errorf("Resolve(%q, %+v): %v", name, p, err)
		return
	}
	if !allows(ours.Hosts, u.Host) {
		if listed && variant == "plain" {
			variant = "plain, listed"
		}
		d.add(id, variant, region, u.Host, strings.Join(ours.Hosts, " "))
	}
}
