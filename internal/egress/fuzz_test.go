package egress

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// FuzzStatus feeds what anybody may write on a pod through the whole pure pipeline:
// it opens hosts of AWS at most, and no more than the limit.
func FuzzStatus(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, `{"services":["s3"],"endpoints":[{"region":"us-east-1"}]}`,
		`{"services":["dynamodb","sts"],"endpoints":[{"region":"cn-north-1","dualStack":true},{"region":"us-gov-west-1","fips":true}]}`,
		`{"services":["s3"],"s3Buckets":["any","orders"],"mode":"passthrough","endpoints":[{"region":"eu-west-1"}]}`,
		`{"services":["*"],"s3Buckets":["x.evil.example.com/"],"endpoints":[{"region":"*.example.com"}],"hosts":["evil.example.com"]}`,
	} {
		f.Add(seed)
	}
	known := table()
	const limit = 300
	f.Fuzz(func(t *testing.T, status string) {
		pod := metadata("Pod")
		pod.Annotations = map[string]string{awsmesh.AnnotationStatus: status}
		e, pods := planPods("shop", []*metav1.PartialObjectMetadata{slimPod(pod)}, limit)
		if len(e.Hosts) > limit {
			t.Errorf("%d hosts (limit %d)", len(e.Hosts), limit)
		}
		if pods[0].err != nil && len(e.Hosts) > 0 {
			t.Errorf("hosts in spite of %v", pods[0].err)
		}
		names := map[string]string{}
		for _, h := range e.Hosts {
			if !inTable(known, h.Name) {
				t.Errorf("host %q is not in the table", h.Name)
			}
			if other, taken := names[Name(h.Name)]; taken {
				t.Errorf("%q and %q have one name", h.Name, other)
			}
			names[Name(h.Name)] = h.Name
		}
		var live []*unstructured.Unstructured
		for _, u := range e.Objects() {
			if problems := validation.IsDNS1123Subdomain(u.GetName()); problems != nil {
				t.Errorf("name %q: %v", u.GetName(), problems)
			}
			live = append(live, slimIstio(u))
		}
		c := decide(observation{egress: e, live: live}, fixedNow(), limits{hosts: limit})
		if text := changeList(c); text != "" {
			t.Errorf("not settled:\n%s", text)
		}
		problems(observation{egress: e}, pods)
	})
}

// table returns every host of the table.
func table() map[string]bool {
	hosts := map[string]bool{}
	for _, s := range endpoints.Services() {
		for _, r := range endpoints.Regions() {
			for variant := range 4 {
				e, err := endpoints.Resolve(s.Name, endpoints.Params{Region: r.Name, FIPS: variant&1 > 0, DualStack: variant&2 > 0})
				if err != nil {
					continue // not there, or not in this variant
				}
				for _, host := range e.Hosts {
					hosts[host] = true
				}
			}
		}
	}
	return hosts
}

// inTable reports whether host is in the table, or a bucket of one that is.
func inTable(table map[string]bool, host string) bool {
	_, parent, _ := strings.Cut(host, ".")
	return table[host] || table["*."+parent] && strings.HasPrefix(parent, "s3")
}

// All hosts have names of their own.
func TestWholeTable(t *testing.T) {
	names := map[string]string{}
	for host := range table() {
		name := Name(host)
		if problems := validation.IsDNS1123Subdomain(name); problems != nil {
			t.Errorf("Name(%q) = %q: %v", host, name, problems)
		}
		if other, ok := names[name]; ok {
			t.Errorf("%q and %q have one name", host, other)
		}
		names[name] = host
	}
}

func TestName(t *testing.T) {
	long := strings.Repeat("a", 63) + "." + strings.Repeat("b", 63) + "." + strings.Repeat("c", 63) + "." + strings.Repeat("d", 55)
	for host, want := range map[string]string{
		"sqs.eu-west-1.amazonaws.com":    "aws-mesh-sqs.eu-west-1.amazonaws.com",
		"*.s3.eu-west-1.amazonaws.com":   "aws-mesh-any.s3.eu-west-1.amazonaws.com",
		"any.s3.eu-west-1.amazonaws.com": "aws-mesh-any.s3.eu-west-1.amazonaws.com-386c41166946a78b",
		long:                             ("aws-mesh-" + long)[:236] + "-0e901245bb9a7213",
	} {
		if got := Name(host); got != want || len(got) > 253 {
			t.Errorf("Name(%q) = %q, want %q", host, got, want)
		}
	}
}
