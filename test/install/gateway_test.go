package install_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The overlay with the egress gateway adds a flag and the gateway, and no right.
func TestGatewayOverlayOnlyAdds(t *testing.T) {
	base, overlay := kustomize(t, "deploy/base"), kustomize(t, "deploy/overlays/egress-gateway")
	if diff := cmp.Diff(rules(t, base), rules(t, overlay)); diff != "" {
		t.Errorf("rights (-base +overlay):\n%s", diff)
	}
	want, got := documents(t, base), documents(t, overlay)
	deployment := want["Deployment/aws-mesh-webhook"].Object
	containers, _, _ := unstructured.NestedSlice(deployment, "spec", "template", "spec", "containers")
	webhook := containers[0].(map[string]any)
	webhook["args"] = append(webhook["args"].([]any), "--egress-gateway=aws-mesh-egress/gateway")
	must(t, unstructured.SetNestedSlice(deployment, containers, "spec", "template", "spec", "containers"))
	for key, obj := range got {
		if want[key] == nil && obj.GetNamespace() != "aws-mesh-egress" && key != "Namespace/aws-mesh-egress" {
			t.Errorf("%s is in no base, nor in the gateway's namespace", key)
		}
		if want[key] == nil {
			delete(got, key)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the rest (-base +overlay):\n%s", diff)
	}
}
