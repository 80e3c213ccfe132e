package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// TestChain follows one annotation from a Deployment to AWS, and looks at the neighbours.
func TestChain(t *testing.T) {
	t.Parallel()
	orders := app{Name: "orders", Annotations: asks("plaintext")}
	stock := app{Name: "stock"}
	chain := space{Name: "chain", Policy: "REGISTRY_ONLY", Apps: []app{orders, stock}}
	elsewhere := space{Name: "elsewhere", Policy: "ALLOW_ANY", Apps: []app{stock}}
	createAll(t, chain, elsewhere)

	cell(t, []string{"annotated", "pod"}, func(t *testing.T) { checkInjected(t, chain.get(t, orders)) })
	for _, sdk := range []string{"v1", "v2"} {
		for _, service := range []string{"dynamodb", "s3"} {
			cell(t, []string{"annotated", sdk + " " + service}, func(t *testing.T) { chain.expect(t, orders, sdk, service, viaSidecar) })
		}
	}
	for _, s := range []space{chain, elsewhere} {
		cell(t, []string{"not annotated", "pod in " + s.Name}, func(t *testing.T) { checkUntouched(t, s.get(t, stock)) })
	}
	cell(t, []string{"not annotated", "Envoy in " + elsewhere.Name}, func(t *testing.T) {
		if config := elsewhere.envoy(t, stock, "config_dump"); strings.Contains(config, "amazonaws.com") {
			t.Error("hosts of AWS are in the configuration of another namespace's sidecar")
		}
	})
	cell(t, []string{"not annotated", "HTTPS in " + elsewhere.Name}, func(t *testing.T) { elsewhere.expect(t, stock, "v2", "dynamodb", ownTLS) })
}

// checkInjected demands that both injectors had their way with a pod.
func checkInjected(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	var status struct{ InMesh bool }
	if err := json.Unmarshal([]byte(pod.Annotations[awsmesh.AnnotationStatus]), &status); err != nil || !status.InMesh {
		t.Errorf("annotation %s is %q, want inMesh true", awsmesh.AnnotationStatus, pod.Annotations[awsmesh.AnnotationStatus])
	}
	const exclude = "traffic.sidecar.istio.io/excludeOutboundIPRanges"
	if !strings.Contains(pod.Annotations[exclude], "169.254.169.254/32") {
		t.Errorf("annotation %s is %q, want the credential endpoints in it", exclude, pod.Annotations[exclude])
	}
	for _, c := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
		ours := 0
		for _, v := range c.Env {
			if strings.HasPrefix(v.Name, awsmesh.EnvPrefix) {
				ours++
			}
		}
		want := map[string]int{"app": 5, "istio-proxy": 1}[c.Name]
		if ours != want || ours > 0 && !strings.HasPrefix(c.Env[0].Name, awsmesh.EnvPrefix) {
			t.Errorf("container %s has %d of our variables, want %d, in front: %v", c.Name, ours, want, c.Env)
		}
	}
}

// checkUntouched demands that nothing of ours is in a pod that did not ask for it.
func checkUntouched(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	pod.ManagedFields = nil
	text, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	for _, mark := range []string{"aws-mesh/", awsmesh.EnvPrefix, "169.254."} {
		if strings.Contains(string(text), mark) {
			t.Errorf("%q is in the pod %s/%s: %s", mark, pod.Namespace, pod.Name, text)
		}
	}
	if !strings.Contains(string(text), "istio-proxy") {
		t.Errorf("the pod %s/%s has no sidecar", pod.Namespace, pod.Name)
	}
}
