package mutate_test

import (
	"encoding/json"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// The bits of a shape in FuzzPod.
const (
	hasStatus = 1 << iota
	hasRanges
	hasLabel
	hostNetwork
	proxy
	nativeProxy
	istioInit
	nullEnv
	emptyEnv
	envFrom
	valueFrom
	asProxyUser
	passthrough
	endpointURLs
	region
)

// FuzzPod makes pods of all shapes around a few values: as FuzzMutate, but every input
// is a pod that opted in.
func FuzzPod(f *testing.F) {
	f.Add("dynamodb,s3", `{"kept":{"web":["AWS_MESH_IN_MESH"]}}`, "10.0.0.0/8", "AWS_MESH_IN_MESH", "true", "-o 443 -i *", uint(hasStatus|proxy|istioInit))
	f.Add("sts,sqs", `{}`, "*", "AWS_ENDPOINT_URL_STS", "http://sts.eu-west-1.amazonaws.com:443", "-i *", uint(hasStatus|nativeProxy|endpointURLs|hasLabel))
	f.Add("lambda", ``, "", "AWS_REGION", "us-east-1", "-m NONE", uint(region|envFrom|proxy|passthrough))
	f.Add("iam", `{"inMesh":1}`, "::/0,x", "AWS_MESH_HOSTS", "$(X)", "", uint(hasStatus|hasRanges|valueFrom|proxy))
	h := (&mutate.Handler{Options: mutate.Options{DefaultRegion: "eu-west-1"}}).Mutate()
	f.Fuzz(func(t *testing.T, services, status, ranges, name, value, args string, shape uint) {
		pod, err := json.Marshal(shaped(services, status, ranges, name, value, args, shape))
		if err != nil {
			t.Fatal(err)
		}
		r, mutated := admit(t, h, pod, "shop")
		if !r.Allowed {
			return
		}
		if diff := gocmp.Diff(foreign(t, pod), foreign(t, mutated)); diff != "" {
			t.Errorf("more than our paths changed: -before +after\n%s", diff)
		}
		if r.Status == nil {
			t.Fatal("no status")
		}
		if _, err := r.Status.Plans(); err != nil {
			t.Errorf("the controller cannot plan for %s: %v", r.Status, err)
		}
		if r.Status.InMesh && shape&(proxy|nativeProxy) == 0 {
			t.Errorf("in the mesh without a sidecar: %s", r.Status)
		}
		settled(t, h, mutated, "shop")
	})
}

func shaped(services, status, ranges, name, value, args string, shape uint) map[string]any {
	on := func(bit uint) bool { return shape&bit != 0 }
	annotations := map[string]any{"aws-mesh/services": services}
	for key, v := range map[string]struct {
		bit   uint
		value string
	}{
		"aws-mesh/status": {hasStatus, status},
		"traffic.sidecar.istio.io/excludeOutboundIPRanges": {hasRanges, ranges},
		"aws-mesh/mode":          {passthrough, "passthrough"},
		"aws-mesh/endpoint-urls": {endpointURLs, "true"},
		"aws-mesh/region":        {region, "us-west-2"},
	} {
		if on(v.bit) {
			annotations[key] = v.value
		}
	}
	metadata := map[string]any{"annotations": annotations}
	if on(hasLabel) {
		metadata["labels"] = map[string]any{"aws-mesh/egress": value}
	}
	return map[string]any{"metadata": metadata, "spec": map[string]any{
		"hostNetwork": on(hostNetwork), "containers": shapedContainers(name, value, on), "initContainers": shapedInit(args, on),
	}}
}

func shapedContainers(name, value string, on func(uint) bool) []any {
	own := map[string]any{"name": name, "value": value}
	if on(valueFrom) {
		own = map[string]any{"name": name, "valueFrom": map[string]any{"fieldRef": map[string]any{}}}
	}
	c := map[string]any{"name": "web", "env": []any{
		map[string]any{"name": "FIRST", "value": "1"}, own, map[string]any{"name": "AWS_MESH_REGION", "value": value}, own,
	}}
	switch {
	case on(nullEnv):
		c["env"] = nil
	case on(emptyEnv):
		c["env"] = []any{}
	}
	if on(envFrom) {
		c["envFrom"] = []any{map[string]any{}}
	}
	if on(asProxyUser) {
		c["securityContext"] = map[string]any{"runAsUser": 1337}
	}
	list := []any{c}
	if on(proxy) {
		list = append(list, map[string]any{"name": "istio-proxy"})
	}
	return list
}

func shapedInit(args string, on func(uint) bool) []any {
	list := []any{map[string]any{"name": "first"}}
	if on(istioInit) {
		list = append(list, map[string]any{"name": "istio-init", "args": strings.Fields(args)})
	}
	if on(nativeProxy) {
		list = append(list, map[string]any{"name": "istio-proxy", "restartPolicy": "Always"})
	}
	return append(list, map[string]any{"name": "last", "restartPolicy": "Always"})
}
