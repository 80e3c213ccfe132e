package awsmesh

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

func TestParseRequest(t *testing.T) {
	for _, tt := range []struct {
		name        string
		annotations map[string]string
		want        Request
		wantErr     string // all of it
	}{
		{
			name:        "normalised: canonical, sorted, each once",
			annotations: map[string]string{AnnotationServices: " s3, SFN,monitoring ,,dynamodb,DynamoDB"},
			want:        Request{Mode: Plaintext, Services: []string{"cloudwatch", "dynamodb", "s3", "stepfunctions"}},
		},
		{
			name: "every annotation",
			annotations: map[string]string{
				AnnotationServices: "s3", AnnotationRegion: "eu-west-1 ", AnnotationMode: "passthrough",
				AnnotationS3Buckets: "orders, invoices", AnnotationSkipContainers: "web,log-agent,web",
				AnnotationEndpointURLs: "true", AnnotationStatus: "anything", "other/key": "x",
			},
			want: Request{
				Mode: Passthrough, Services: []string{"s3"}, Region: "eu-west-1", Buckets: []string{"invoices", "orders"},
				SkipContainers: []string{"log-agent", "web"}, EndpointURLs: true,
			},
		},
		{
			name:        "unknown service",
			annotations: map[string]string{AnnotationServices: "dynamo"},
			wantErr:     `annotation aws-mesh/services: unknown AWS service "dynamo" (did you mean "dynamodb"?)`,
		},
		{
			name:        "all mistakes at once",
			annotations: map[string]string{AnnotationServices: "", AnnotationRegion: "eu-west-9", AnnotationMode: "plain", AnnotationEndpointURLs: "yes"},
			wantErr: `annotation aws-mesh/endpoint-urls: "yes" is neither "true" nor "false"
annotation aws-mesh/mode: unknown mode "plain" (known: plaintext, passthrough)
annotation aws-mesh/region: unknown AWS region "eu-west-9" (did you mean "eu-west-1"?)
annotation aws-mesh/services: empty: list at least one AWS service, as in "dynamodb,s3"`,
		},
		{
			name:        "unknown annotation",
			annotations: map[string]string{AnnotationServices: "s3", "aws-mesh/regions": "eu-west-1"},
			wantErr:     `annotation aws-mesh/regions: unknown annotation "aws-mesh/regions" (known: aws-mesh/services, aws-mesh/region, aws-mesh/mode, aws-mesh/s3-buckets, aws-mesh/skip-containers, aws-mesh/endpoint-urls)`,
		},
		{
			name:        "buckets without s3",
			annotations: map[string]string{AnnotationServices: "sqs", AnnotationS3Buckets: "orders"},
			wantErr:     `annotation aws-mesh/s3-buckets: aws-mesh/services does not list "s3"`,
		},
		{
			name:        "bad buckets",
			annotations: map[string]string{AnnotationServices: "s3", AnnotationS3Buckets: "Orders,a.b"},
			wantErr: `annotation aws-mesh/s3-buckets: "Orders" is not an S3 bucket name (3 to 63 lower-case letters, digits and hyphens); ` +
				`S3 bucket "a.b" has a dot: AWS's certificate does not cover its host, and by path every other bucket is reachable too; leave the annotation out`,
		},
		{
			name:        "too long",
			annotations: map[string]string{AnnotationServices: strings.Repeat("a,", 1<<19)},
			wantErr:     `annotation aws-mesh/services: 1048576 bytes long (limit 16384)`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseRequest(tt.annotations)
			if msg := message(err); msg != tt.wantErr {
				t.Fatalf("ParseRequest(%.200v) reports\n%s, want\n%s", tt.annotations, msg, tt.wantErr)
			}
			if err == nil && !reflect.DeepEqual(got, tt.want) {
				t.Errorf("ParseRequest(%v) = %+v, want %+v", tt.annotations, got, tt.want)
			}
		})
	}
}

// A pod that did not opt in may have annotations of ours that do nothing, but none that
// does not exist.
func TestCheckKeys(t *testing.T) {
	if err := CheckKeys(map[string]string{AnnotationRegion: "mars-1", AnnotationStatus: "{}", "other/key": "x"}); err != nil {
		t.Errorf("CheckKeys reports %v of keys that exist", err)
	}
	err := CheckKeys(map[string]string{"aws-mesh/service": "s3", "aws-mesh/": ""})
	var mistake *AnnotationError
	if want := `annotation aws-mesh/service: unknown annotation "aws-mesh/service" (known: aws-mesh/services, `; !strings.Contains(message(err), want) || !errors.As(err, &mistake) {
		t.Errorf("CheckKeys reports %v, want %s…", err, want)
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Many mistakes cost little and make a message that a person can read.
func TestParseRequestManyMistakes(t *testing.T) {
	var names []string
	for i := range 3000 {
		names = append(names, string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676)))
	}
	_, err := ParseRequest(map[string]string{AnnotationServices: strings.Join(names, ",")})
	if msg := message(err); !strings.HasSuffix(msg, "more not checked") || len(msg) > 1000 {
		t.Errorf("ParseRequest reports %q, want a few mistakes and a count", msg)
	}
}

// So do many annotations, and long ones, whether the pod opted in or not.
func TestManyAnnotations(t *testing.T) {
	many := map[string]string{"aws-mesh/" + strings.Repeat("x", 1<<20): ""}
	for i := range 1000 {
		many[fmt.Sprintf("aws-mesh/%05d", i)] = ""
	}
	check := func(err error) {
		t.Helper()
		if msg := message(err); !strings.HasSuffix(msg, "\nstopped here; 996 more not checked") || strings.Count(msg, "\n") != maxMistakes {
			t.Errorf("reports %d bytes: %.2000s; want a few mistakes and a count", len(msg), msg)
		}
	}
	check(CheckKeys(many))
	many[AnnotationServices] = "sqs"
	delete(many, "aws-mesh/00999")
	_, err := ParseRequest(many)
	check(err)

	err = CheckKeys(map[string]string{"aws-mesh/" + strings.Repeat("x", 1<<20): "", "aws-mesh/a\nb": ""})
	want := `annotation "aws-mesh/a\nb": unknown annotation "aws-mesh/a\nb" (known: `
	if msg := message(err); !strings.HasPrefix(msg, want) || len(msg) > 1000 {
		t.Errorf("CheckKeys reports %d bytes: %.2000s; want %s… and a key that is cut", len(msg), msg, want)
	}
}

func TestErrorsKeepTheirType(t *testing.T) {
	_, err := ParseRequest(map[string]string{AnnotationServices: "dynamo,sq", AnnotationRegion: "mars-1"})
	var service *endpoints.UnknownServiceError
	var region *endpoints.UnknownRegionError
	var annotation *AnnotationError
	if !errors.As(err, &service) || !errors.As(err, &region) || !errors.As(err, &annotation) {
		t.Errorf("ParseRequest reports %v, want it to wrap the errors of endpoints", err)
	}
}

func TestPlanFor(t *testing.T) {
	for _, tt := range []struct {
		services, buckets string
		params            endpoints.Params
		want              string
	}{
		{"dynamodb", "", endpoints.Params{Region: "eu-west-1"}, "*.ddb.eu-west-1.amazonaws.com *.search-ddb.eu-west-1.amazonaws.com dynamodb.eu-west-1.amazonaws.com search-dynamodb.eu-west-1.amazonaws.com"},
		{"cloudwatch,sqs", "", endpoints.Params{Region: "cn-north-1"}, "monitoring.cn-north-1.amazonaws.com.cn sqs.cn-north-1.amazonaws.com.cn"},
		{"kms", "", endpoints.Params{Region: "us-east-2", FIPS: true}, "kms-fips.us-east-2.amazonaws.com"},
		{"s3", "orders,invoices", endpoints.Params{Region: "eu-west-1"}, "invoices.s3.eu-west-1.amazonaws.com orders.s3.eu-west-1.amazonaws.com"},
		{"s3", "orders", endpoints.Params{Region: "us-east-1"}, "orders.s3.amazonaws.com orders.s3.us-east-1.amazonaws.com"},
		{"s3", "orders", endpoints.Params{Region: "us-east-1", FIPS: true, DualStack: true}, "orders.s3-fips.dualstack.us-east-1.amazonaws.com"},
	} {
		r, err := ParseRequest(annotations(tt.services, tt.buckets))
		if err != nil {
			t.Fatal(err)
		}
		plan, err := PlanFor(r, tt.params)
		if got := strings.Join(plan.Hosts, " "); err != nil || got != tt.want {
			t.Errorf("PlanFor(%s %s, %v) = %s, %v, want %s", tt.services, tt.buckets, tt.params, got, err, tt.want)
		}
	}
}

func annotations(services, buckets string) map[string]string {
	a := map[string]string{AnnotationServices: services}
	if buckets != "" {
		a[AnnotationS3Buckets] = buckets
	}
	return a
}

func TestPlanForErrors(t *testing.T) {
	for _, tt := range []struct {
		services []string
		region   string
		want     string
	}{
		{[]string{"s3", "sqs"}, "eu-west-9", `annotation aws-mesh/region: unknown AWS region "eu-west-9" (did you mean "eu-west-1"?)`},
		{[]string{"dynamo", "sqss"}, "eu-west-1", `annotation aws-mesh/services: unknown AWS service "dynamo" (did you mean "dynamodb"?); unknown AWS service "sqss" (did you mean "sqs"?)`},
	} {
		_, err := PlanFor(Request{Services: tt.services}, endpoints.Params{Region: tt.region})
		if msg := message(err); msg != tt.want {
			t.Errorf("PlanFor(%q, %s) reports %s, want %s", tt.services, tt.region, msg, tt.want)
		}
	}
}

func TestMatchHost(t *testing.T) {
	patterns := []string{"*.s3.eu-west-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com"}
	for host, want := range map[string]bool{
		"sqs.eu-west-1.amazonaws.com":      true,
		"SQS.eu-west-1.amazonaws.com.":     true,
		"bkt.s3.eu-west-1.amazonaws.com":   true,
		"a.b.s3.eu-west-1.amazonaws.com":   true,
		"s3.eu-west-1.amazonaws.com":       false,
		".s3.eu-west-1.amazonaws.com":      false,
		"evils3.eu-west-1.amazonaws.com":   false,
		"x.sqs.eu-west-1.amazonaws.com":    false,
		"sqs.eu-west-1.amazonaws.com.evil": false,
		"":                                 false,
	} {
		if got := MatchHost(patterns, host); got != want {
			t.Errorf("MatchHost(%q, %q) = %v, want %v", patterns, host, got, want)
		}
	}
}

func TestEnvRoundTrip(t *testing.T) {
	for _, want := range []Env{
		{},
		{Services: []string{"sqs"}, Region: "eu-west-1"},
		{InMesh: true, Services: []string{"dynamodb", "s3"}, Region: "us-east-1", Hosts: []string{"*.s3.amazonaws.com", "s3.amazonaws.com"}, PodUID: "6c1c7ab6"},
	} {
		vars := map[string]string{}
		for _, v := range want.Vars() {
			vars[v.Name] = v.Value
		}
		got, err := ParseEnv(func(name string) (string, bool) { v, ok := vars[name]; return v, ok })
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ParseEnv(%v) = %+v, %v, want %+v", vars, got, err, want)
		}
	}
}

func TestParseEnvNeverGuessesPlaintext(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "false": false, "": false, "TRUE": false, "1": false, "yes": false} {
		e, err := ParseEnv(func(name string) (string, bool) {
			if name == EnvInMesh {
				return value, true
			}
			return "sqs.eu-west-1.amazonaws.com", true
		})
		if e.InMesh != want || (err != nil) != !slices.Contains([]string{"true", "false", ""}, value) {
			t.Errorf("ParseEnv(%s=%q) = %+v, %v", EnvInMesh, value, e, err)
		}
	}
}

func TestFromEnv(t *testing.T) {
	t.Setenv(EnvInMesh, "true")
	t.Setenv(EnvHosts, "sqs.eu-west-1.amazonaws.com")
	if e, err := FromEnv(); err != nil || !e.InMesh || !MatchHost(e.Hosts, "sqs.eu-west-1.amazonaws.com") {
		t.Errorf("FromEnv() = %+v, %v", e, err)
	}
}

func TestStatusRoundTrip(t *testing.T) {
	want := Status{
		InMesh: true, Reason: "istio-proxy", Services: []string{"s3"}, Buckets: []string{"orders"},
		Endpoints: []endpoints.Params{{Region: "eu-west-1"}, {Region: "us-east-1", FIPS: true}},
		Kept:      map[string][]string{"web": {EnvInMesh}},
	}
	got, err := ParseStatus(want.String())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("ParseStatus(%s) = %+v, %v", want, got, err)
	}
	plans, err := got.Plans()
	if err != nil || len(plans) != 2 || plans[0].Mode != Plaintext || plans[0].Hosts[0] != "orders.s3.eu-west-1.amazonaws.com" {
		t.Errorf("Plans() = %+v, %v", plans, err)
	}
	got.Endpoints = slices.Repeat(got.Endpoints, 60)
	if again, err := got.Plans(); err != nil || !reflect.DeepEqual(again, plans) {
		t.Errorf("of the same endpoints 60 times, Plans() = %d plans, %v", len(again), err)
	}
}

// Whoever may write the status opens AWS hosts at most, and few of them.
func FuzzStatus(f *testing.F) {
	f.Add(Status{Services: []string{"dynamodb", "s3"}, Endpoints: []endpoints.Params{{Region: "eu-west-1"}}}.String())
	f.Add(`{"services":["s3"],"s3Buckets":["x.evil.com/"],"endpoints":[{"region":"eu-west-1"}]}`)
	f.Add(`{"services":["evil.com"],"endpoints":[{"region":"evil.com"}]}`)
	f.Fuzz(func(t *testing.T, value string) {
		s, err := ParseStatus(value)
		if err != nil {
			return
		}
		plans, err := s.Plans()
		if err != nil && plans != nil {
			t.Fatalf("plans beside an error: %v", plans)
		}
		for _, plan := range plans {
			for _, host := range plan.Hosts {
				if !fromTable(plan, host) {
					t.Fatalf("%s opens %s", value, host)
				}
			}
		}
	})
}

// fromTable reports whether the table gives host to one of the plan's services, as it
// stands or as one bucket of a wildcard.
func fromTable(plan Plan, host string) bool {
	return slices.ContainsFunc(plan.Services, func(service string) bool {
		e, err := endpoints.Resolve(service, plan.Params)
		return err == nil && (slices.Contains(e.Hosts, host) || !strings.Contains(host, "*") && MatchHost(e.Hosts, host))
	})
}

func FuzzParseRequest(f *testing.F) {
	f.Add("dynamodb,s3", "eu-west-1", "plaintext", "orders")
	f.Add("SFN, monitoring", "", "x", "a.b")
	f.Fuzz(func(t *testing.T, services, region, mode, buckets string) {
		in := map[string]string{AnnotationServices: services, AnnotationRegion: region, AnnotationMode: mode, AnnotationS3Buckets: buckets}
		maps.DeleteFunc(in, func(_, v string) bool { return v == "" })
		r, err := ParseRequest(in)
		if err != nil {
			if len(err.Error()) > 4096 {
				t.Fatalf("message of %d bytes", len(err.Error()))
			}
			return
		}
		if _, again := ParseRequest(map[string]string{AnnotationServices: strings.Join(r.Services, ",")}); again != nil && services != "" {
			t.Fatalf("canonical names %q are not accepted: %v", r.Services, again)
		}
	})
}
