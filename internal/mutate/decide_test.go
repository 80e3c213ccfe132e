package mutate_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// TestExplained checks what explain shows: where the region of each container is from,
// and why one is left alone.
func TestExplained(t *testing.T) {
	const pod = `{"metadata":{"annotations":{"aws-mesh/services":"sqs"%s}},"spec":{
		"initContainers":[{"name":"istio-init"},{"name":"init","env":[{"name":"AWS_REGION","value":"us-east-1"}]}],
		"containers":[{"name":"web","env":[{"name":"AWS_DEFAULT_REGION","value":"us-west-2"},{"name":"AWS_MESH_HOSTS","value":""}]},{"name":"agent"}]}}`
	ask := func(region string, err error) func(context.Context, string) (string, error) {
		return func(context.Context, string) (string, error) { return region, err }
	}
	for _, tt := range []struct {
		name, annotations string
		options           mutate.Options
		agent             string // where its region is from
		err               string
	}{
		{"namespace", "", mutate.Options{DefaultRegion: "eu-west-1", NamespaceRegion: ask("eu-north-1", nil)}, "namespace", ""},
		{"default", "", mutate.Options{DefaultRegion: "eu-west-1", NamespaceRegion: ask("", nil)}, "--default-region", ""},
		{"no namespaces", "", mutate.Options{DefaultRegion: "eu-west-1"}, "--default-region", ""},
		{"none agreed", "", mutate.Options{}, "", `container "agent": no AWS region: set annotation aws-mesh/region on the pod or on namespace "shop"`},
		{"skipped", `,"aws-mesh/skip-containers":"agent"`, mutate.Options{NamespaceRegion: ask("", errors.New("asked for nothing"))}, "", ""},
		{"namespace unknown", "", mutate.Options{NamespaceRegion: ask("", errors.New("not found"))}, "", `namespace "shop": not found`},
		{"wrong default", "", mutate.Options{DefaultRegion: "eu-wset-1"}, "", `--default-region of the aws-mesh webhook: unknown AWS region "eu-wset-1" (did you mean "eu-west-1"?)`},
	} {
		d, err := mutate.Pod(t.Context(), fmt.Appendf(nil, pod, tt.annotations), "shop", tt.options)
		if got := fmt.Sprint(err); tt.err != "" && got != tt.err || tt.err == "" && err != nil {
			t.Errorf("%s: error %s, want %s", tt.name, got, tt.err)
		}
		if tt.err != "" {
			continue
		}
		var got [][3]string
		for _, c := range d.Containers {
			got = append(got, [3]string{c.Name, c.RegionFrom, c.Skipped})
		}
		want := [][3]string{{"istio-init", "", "Istio's own"}, {"init", "AWS_REGION", ""}, {"web", "AWS_DEFAULT_REGION", ""}, {"agent", tt.agent, ""}}
		if tt.name == "skipped" {
			want[3][2] = "named in aws-mesh/skip-containers"
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
		if diff := gocmp.Diff([]awsmesh.Var{{Name: "AWS_MESH_IN_MESH", Value: "false"}}, d.Containers[2].Env); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
		if diff := gocmp.Diff([]string{"AWS_MESH_HOSTS"}, d.Containers[2].Kept); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
	}
}
