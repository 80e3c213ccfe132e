package egress

import (
	"fmt"
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

// What the webhook may have written at most is read, and nothing longer is kept.
func TestLongStatus(t *testing.T) {
	s := awsmesh.Status{InMesh: true, Waypoint: true, Mode: awsmesh.Plaintext, Reason: strings.Repeat("why ", 50), Kept: map[string][]string{}}
	for _, service := range endpoints.Services() {
		s.Services = append(s.Services, service.Name)
	}
	for i, region := range endpoints.Regions() {
		s.Buckets = append(s.Buckets, fmt.Sprintf("%063d", 2*i), fmt.Sprintf("%063d", 2*i+1))
		s.Endpoints = append(s.Endpoints, endpoints.Params{Region: region.Name}, endpoints.Params{Region: region.Name, FIPS: true}, endpoints.Params{Region: region.Name, DualStack: true})
	}
	for i := range 20 {
		s.Kept[fmt.Sprintf("%063d", i)] = []string{"AWS_DEFAULT_REGION", "AWS_MESH_HOSTS", "AWS_MESH_IN_MESH", "AWS_MESH_POD_UID", "AWS_MESH_REGION", "AWS_MESH_SERVICES", "AWS_REGION"}
	}
	if n := len(s.String()); n > maxKeptStatus {
		t.Errorf("the longest status has %d bytes, more than the limit of %d", n, maxKeptStatus)
	}
	pod := metadata("Pod")
	pod.Annotations = map[string]string{awsmesh.AnnotationStatus: `{"reason":"` + strings.Repeat("x", 200<<10) + `"}`}
	kept := slimPod(pod)
	if n := len(kept.Annotations[awsmesh.AnnotationStatus]); n > maxKeptStatus+1 {
		t.Errorf("%d bytes are kept", n)
	}
	if _, pods := planPods(namespace, []*metav1.PartialObjectMetadata{kept}, 1000); pods[0].err == nil || !strings.Contains(pods[0].err.Error(), "more than 32768 bytes") {
		t.Errorf("error: %v", pods[0].err)
	}
}

// Of refused pods no host is kept: any number of them may ask for thousands each.
func TestRefusedKeepNothing(t *testing.T) {
	s := awsmesh.Status{Services: []string{"s3"}}
	for i := range 100 {
		s.Buckets = append(s.Buckets, fmt.Sprintf("%063d", i))
	}
	for _, region := range endpoints.Regions()[:30] {
		s.Endpoints = append(s.Endpoints, endpoints.Params{Region: region.Name})
	}
	var forged []*metav1.PartialObjectMetadata
	for i := range 50 {
		s.Reason = fmt.Sprint(i) // so that no two are the same
		pod := metadata("Pod")
		pod.Annotations = map[string]string{awsmesh.AnnotationStatus: s.String()}
		forged = append(forged, pod)
	}
	_, pods := planPods(namespace, forged, 1000)
	for _, p := range pods {
		if p.err == nil || p.plans != nil {
			t.Errorf("%d plans, error %v", len(p.plans), p.err)
		}
	}
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
