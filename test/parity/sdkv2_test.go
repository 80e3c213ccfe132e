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
		before := evaluations
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
					host, err := resolveV2(t, s.resolver, p, r.Partition, extra)
					if err == nil && !allows(ours.Hosts, host) {
						d.add(s.name, v.name, r.Name, host, strings.Join(ours.Hosts, " "))
					}
				}
			}
		}
		if evaluations == before {
			t.Errorf("%s: our table has this service in no region", s.name)
		}
	}
	t.Logf("%d services, %d evaluations", len(v2Services), evaluations)
	d.check(t, "testdata/sdkv2.txt")
}

// resolveV2 calls the ResolveEndpoint of any service: each has its own type of
// parameters, with the same field names.
func resolveV2(t *testing.T, resolver any, p endpoints.Params, partition string, extra with) (string, error) {
	t.Helper()
	method := reflect.ValueOf(resolver).MethodByName("ResolveEndpoint")
	params := reflect.New(method.Type().In(1)).Elem()
	params = params.MethodByName("WithDefaults").Call(nil)[0]
	settable := reflect.New(params.Type()).Elem()
	settable.Set(params)
	fill := func(name string, value any) (known bool) {
		field := settable.FieldByName(name)
		if !field.IsValid() {
			return false
		}
		if s, ok := value.(string); ok {
			value = strings.NewReplacer("REGION", p.Region, "PARTITION", partition).Replace(s)
		}
		if field.Kind() == reflect.Pointer {
			field.Set(reflect.New(field.Type().Elem()))
			field = field.Elem()
		}
		field.Set(reflect.ValueOf(value))
		return true
	}
	fill("Region", p.Region)
	fill("UseFIPS", p.FIPS) // not all services have variants
	fill("UseDualStack", p.DualStack)
	for name, value := range extra {
		if !fill(name, value) {
			t.Fatalf("%s has no field %q", settable.Type(), name)
		}
	}
	out := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), settable})
	if err, ok := reflect.TypeAssert[error](out[1]); ok {
		return "", err
	}
	return out[0].Interface().(smithyendpoints.Endpoint).URI.Host, nil
}
