package parity

import (
	"context"
	"reflect"
	"strings"
	"testing"

	smithyendpoints "github.com/aws/smithy-go/endpoints"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// with are further parameters of an SDK's rule set. In strings, REGION stands
// for the region and PARTITION for the partition.
type with map[string]any

// Each service's real resolver must stay within our hosts, whatever a request adds.
func TestSDKv2(t *testing.T) {
	d := differences{}
	evaluations := 0
	for _, s := range v2Services {
		for _, r := range endpoints.Regions() {
			for _, v := range variants {
				p := v.Params
				p.Region = r.Name
				ours, err := endpoints.Resolve(s.name, p)
				if err != nil {
					continue
				}
				for _, extra := range append([]with{{}}, s.requests...) {
					evaluations++
					host, err := resolveV2(s.resolver, p, r.Partition, extra)
					if err == nil && !allows(ours.Hosts, host) {
						d.add(s.name, v.name, r.Name, host, strings.Join(ours.Hosts, " "))
					}
				}
			}
		}
	}
	t.Logf("%d services, %d evaluations", len(v2Services), evaluations)
	d.check(t, "testdata/sdkv2.txt")
}

// resolveV2 calls the ResolveEndpoint of any service: each has its own type of
// parameters, with the same field names.
func resolveV2(resolver any, p endpoints.Params, partition string, extra with) (string, error) {
	method := reflect.ValueOf(resolver).MethodByName("ResolveEndpoint")
	params := reflect.New(method.Type().In(1)).Elem()
	params = params.MethodByName("WithDefaults").Call(nil)[0]
	settable := reflect.New(params.Type()).Elem()
	settable.Set(params)
	fill := func(name string, value any) {
		if s, ok := value.(string); ok {
			value = strings.NewReplacer("REGION", p.Region, "PARTITION", partition).Replace(s)
		}
		field := settable.FieldByName(name)
		if field.IsValid() && field.Kind() == reflect.Pointer {
			field.Set(reflect.New(field.Type().Elem()))
			field.Elem().Set(reflect.ValueOf(value))
		} else if field.IsValid() {
			field.Set(reflect.ValueOf(value))
		}
	}
	fill("Region", p.Region)
	fill("UseFIPS", p.FIPS)
	fill("UseDualStack", p.DualStack)
	for name, value := range extra {
		fill(name, value)
	}
	out := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), settable})
	if err, ok := reflect.TypeAssert[error](out[1]); ok {
		return "", err
	}
	return out[0].Interface().(smithyendpoints.Endpoint).URI.Host, nil
}
