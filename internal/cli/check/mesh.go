package check

import (
	"cmp"
	"slices"

	"sigs.k8s.io/yaml"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A mesh is what matters of Istio's MeshConfig.
// Source: https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/
type mesh struct {
	OutboundTrafficPolicy struct {
		Mode string `json:"mode"`
	} `json:"outboundTrafficPolicy"`
	PathNormalization struct {
		Normalization string `json:"normalization"`
	} `json:"pathNormalization"`
	H2UpgradePolicy        string `json:"h2UpgradePolicy"`
	DefaultHTTPRetryPolicy *struct {
		Attempts int `json:"attempts"`
	} `json:"defaultHttpRetryPolicy"`
}

const defaultRevision = "default"

// revision is that of the Istio whose sidecar a pod has.
func revision(pod *unstructured.Unstructured) string {
	return cmp.Or(pod.GetAnnotations()["istio.io/rev"], pod.GetLabels()["istio.io/rev"], defaultRevision)
}

func meshConfigMap(revision string) string {
	if revision == defaultRevision {
		return "istio"
	}
	return "istio-" + revision
}

// meshConfigMaps names those of the revisions that pods have.
func meshConfigMaps(s *Snapshot) []string {
	names := []string{}
	for _, pod := range s.of("Pod", "") {
		names = append(names, meshConfigMap(revision(pod)))
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		names = []string{meshConfigMap(defaultRevision)}
	}
	return names
}

// meshOf returns the MeshConfig of a revision, or nil if it was not read.
func meshOf(s *Snapshot, revision string) *mesh {
	u := s.named("ConfigMap", "", meshConfigMap(revision))
	if u == nil {
		return nil
	}
	var m mesh
	if err := yaml.Unmarshal([]byte(text(u.Object, "data", "mesh")), &m); err != nil {
		return nil
	}
	return &m
}

// policy says what may leave a namespace: its Sidecar's word, else the mesh's.
func (m *mesh) policy(sidecars []*unstructured.Unstructured) string {
	for _, u := range sidecars {
		if mode := text(u.Object, "spec", "outboundTrafficPolicy", "mode"); mode != "" {
			return mode
		}
	}
	return cmp.Or(m.OutboundTrafficPolicy.Mode, "ALLOW_ANY")
}
