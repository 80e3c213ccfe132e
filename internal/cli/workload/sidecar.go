package workload

import (
	"context"
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// A Sidecar says how a pod comes by its sidecar.
type Sidecar string

// How a pod comes by its sidecar.
const (
	Present Sidecar = "present" // the manifest has it
	Assumed Sidecar = "assumed" // Istio's injector is expected to add it
	None    Sidecar = "none"    // Istio's injector leaves the pod alone
)

// AdmitInjected is like [Workload.Admit] once Istio's injector has been there. Without
// a sidecar, reason says why the injector leaves the pod alone.
func (w Workload) AdmitInjected(ctx context.Context) (pod map[string]any, d mutate.Decision, s Sidecar, reason string, err error) {
	injected, had, refused := w.withSidecar()
	s = Assumed
	switch {
	case refused != "":
		injected, s = w.pod, None
	case had:
		s = Present
	}
	pod, d, err = w.admit(ctx, injected)
	if s == Assumed && len(d.Containers) > 0 {
		d.Containers = d.Containers[1:] // not the assumed one
	}
	return pod, d, s, refused, err
}

// assumed is what Istio's injector would add, as far as matters here.
func assumed() any {
	return map[string]any{"name": "istio-proxy", "restartPolicy": "Always"}
}

// withSidecar returns the pod as it may be once Istio's injector has been there, whether
// it had a sidecar already, or why the injector leaves it alone. An assumed sidecar is
// the first of all containers.
func (w Workload) withSidecar() (injected map[string]any, had bool, refused string) {
	pod := w.pod
	spec, _ := pod["spec"].(map[string]any)
	metadata, _ := pod["metadata"].(map[string]any)
	inits, _ := spec["initContainers"].([]any)
	containers, _ := spec["containers"].([]any)
	switch {
	case hasSidecar(inits) || hasSidecar(containers):
		return pod, true, ""
	case value(metadata, "labels", awsmesh.LabelDataplane) == awsmesh.Ambient:
		return nil, false, awsmesh.LabelDataplane + " is ambient"
	case InjectionRefused(texts(metadata, "labels"), texts(metadata, "annotations")):
		return nil, false, inject + ` is "false"`
	case w.ambientNamespace(metadata):
		return nil, false, awsmesh.LabelDataplane + " of namespace " + w.Namespace + " is ambient"
	case spec["hostNetwork"] == true:
		return nil, false, "hostNetwork is true"
	}
	spec = maps.Clone(spec)
	if spec == nil {
		spec = map[string]any{}
	}
	spec["initContainers"] = append([]any{assumed()}, inits...)
	pod = maps.Clone(pod)
	pod["spec"] = spec
	return pod, false, ""
}

// ambientNamespace reports whether a pod with that metadata is ambient because its
// namespace is, and Istio's injector is not called for it all the same.
func (w Workload) ambientNamespace(pod map[string]any) bool {
	return value(w.in, "labels", awsmesh.LabelDataplane) == awsmesh.Ambient && value(pod, "labels", awsmesh.LabelDataplane) != "none" && !InjectorCalled(texts(w.in, "labels"), texts(pod, "labels"))
}

func hasSidecar(containers []any) bool {
	for _, c := range containers {
		if c, _ := c.(map[string]any); c["name"] == "istio-proxy" {
			return true
		}
	}
	return false
}

// texts returns the labels or annotations in metadata.
func texts(metadata map[string]any, field string) map[string]string {
	m, _, _ := unstructured.NestedStringMap(metadata, field) // others are refused when they are decoded
	return m
}

func value(metadata map[string]any, field, key string) any {
	m, _ := metadata[field].(map[string]any)
	return m[key]
}
