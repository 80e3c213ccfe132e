package e2e

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// A labelled namespace, and in which of its pods the application is in the mesh, by their
// label for the dataplane.
type labelled struct {
	name   string
	labels map[string]string
	inMesh map[string]bool
}

var ambientNamespaces = []labelled{
	{"ambient-none", nil, nil},
	{"ambient-alone", map[string]string{"istio.io/dataplane-mode": "ambient"}, nil},
	{"ambient-waypoint", map[string]string{"istio.io/dataplane-mode": "ambient", "istio.io/use-waypoint": "egress"}, map[string]bool{"": true, "ambient": true}},
	{"ambient-pods", map[string]string{"istio.io/use-waypoint": "egress"}, map[string]bool{"ambient": true}},
	{"ambient-no-waypoint", map[string]string{"istio.io/dataplane-mode": "ambient", "istio.io/use-waypoint": "none"}, nil},
	{"ambient-elsewhere", map[string]string{
		"istio.io/dataplane-mode": "ambient", "istio.io/use-waypoint": "egress", "istio.io/use-waypoint-namespace": "istio-system",
	}, nil},
}

func (n labelled) create(t *testing.T) {
	t.Helper()
	t.Cleanup(func() { space{Name: n.name}.remove(t) })
	client, err := env.Client()
	if err == nil {
		err = gone(t.Context(), n.name)
	}
	if err != nil {
		t.Fatal(err)
	}
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: n.name, Labels: n.labels}}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// admissions asks for pods of every kind, and what their applications would be told.
func admissions(t *testing.T, when string, want func(inMesh bool) bool) {
	for _, n := range ambientNamespaces {
		for _, mode := range []string{"", "none", "ambient"} {
			cell(t, []string{when, n.name, "pod label " + fmt.Sprintf("%q", mode)}, func(t *testing.T) {
				if told := toldIn(t, n.name, mode); (told == "true") != want(n.inMesh[mode]) {
					t.Errorf("%s=%s, want %t", awsmesh.EnvInMesh, told, want(n.inMesh[mode]))
				}
			})
		}
	}
}

// toldIn returns what the application of a pod is told, if nobody injects a sidecar.
func toldIn(t *testing.T, namespace, mode string) string {
	t.Helper()
	labels := map[string]string{"sidecar.istio.io/inject": "false"}
	if mode != "" {
		labels["istio.io/dataplane-mode"] = mode
	}
	pod, err := admit(t.Context(), namespace, labels, asks("plaintext"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range pod.Spec.Containers[0].Env {
		if v.Name == awsmesh.EnvInMesh {
			return v.Value
		}
	}
	return ""
}
