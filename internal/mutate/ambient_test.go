package mutate

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// A set is one of labels or annotations.
type set = map[string]string

var (
	ambientNamespace = set{awsmesh.LabelDataplane: awsmesh.Ambient}
	withWaypoint     = set{awsmesh.LabelDataplane: awsmesh.Ambient, awsmesh.LabelWaypoint: "egress"}
)

// TestAmbient goes through Istio's labels: only an ambient pod in a namespace with a
// waypoint of its own is in the mesh.
func TestAmbient(t *testing.T) {
	passthrough := set{awsmesh.AnnotationMode: "passthrough"}
	for _, c := range []struct {
		name        string
		namespace   set
		labels      set
		annotations set
		spec        string
		inMesh      bool
		reason      string
	}{
		{name: "no label at all", reason: "no istio-proxy container"},
		{name: "a waypoint, but not ambient", namespace: set{awsmesh.LabelWaypoint: "egress"}, reason: "no istio-proxy container"},
		{name: "ambient by the namespace", namespace: ambientNamespace, reason: `ambient: namespace "shop" has no waypoint`},
		{name: "ambient by the pod", labels: ambientNamespace, reason: `ambient: namespace "shop" has no waypoint`},
		{name: "with a waypoint", namespace: withWaypoint, inMesh: true, reason: `ambient: waypoint "egress" originates TLS`},
		{name: "by the pod, with a waypoint", namespace: set{awsmesh.LabelWaypoint: "egress"}, labels: ambientNamespace, inMesh: true, reason: "ambient: waypoint"},
		{name: "the pod's own waypoint is for calls to it", namespace: ambientNamespace, labels: set{awsmesh.LabelWaypoint: "egress"}, reason: "has no waypoint"},
		{name: "the pod opts out", namespace: withWaypoint, labels: set{awsmesh.LabelDataplane: noneOfIt}, reason: "no istio-proxy container"},
		{name: "the namespace has none", namespace: set{awsmesh.LabelDataplane: awsmesh.Ambient, awsmesh.LabelWaypoint: noneOfIt}, reason: "has no waypoint"},
		{name: "another namespace's", namespace: set{awsmesh.LabelDataplane: awsmesh.Ambient, awsmesh.LabelWaypoint: "egress", awsmesh.LabelWaypointNamespace: "infra"}, reason: `is in namespace "infra"`},
		{name: "its own namespace's", namespace: set{awsmesh.LabelDataplane: awsmesh.Ambient, awsmesh.LabelWaypoint: "egress", awsmesh.LabelWaypointNamespace: "shop"}, inMesh: true, reason: "ambient: waypoint"},
		{name: "passthrough", namespace: withWaypoint, annotations: passthrough, reason: "ambient, mode passthrough"},
		{name: "passthrough without a waypoint", namespace: ambientNamespace, annotations: passthrough, reason: "has no waypoint"},
		{name: "hostNetwork", namespace: withWaypoint, spec: `"hostNetwork":true,`, reason: "hostNetwork"},
		{name: "a sidecar that bypasses 443", namespace: withWaypoint, annotations: set{"traffic.sidecar.istio.io/excludeOutboundPorts": "443"},
			spec: `"initContainers":[{"name":"istio-proxy","restartPolicy":"Always"}],`, reason: "excludeOutboundPorts"},
		{name: "the proxy's user is nobody special", namespace: withWaypoint, spec: `"securityContext":{"runAsUser":1337},`, inMesh: true, reason: "ambient: waypoint"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := decideIn(t, c.namespace, c.labels, c.annotations, c.spec)
			if d.Status.InMesh != c.inMesh || d.Status.Waypoint != c.inMesh || !strings.Contains(d.Status.Reason, c.reason) {
				t.Errorf("in the mesh: %t, by a waypoint: %t, %q, want %t, %q", d.Status.InMesh, d.Status.Waypoint, d.Status.Reason, c.inMesh, c.reason)
			}
			env := maps.Collect(func(yield func(string, string) bool) {
				for _, v := range d.Containers[len(d.Containers)-1].Env {
					yield(v.Name, v.Value)
				}
			})
			if (env[awsmesh.EnvInMesh] == "true") != c.inMesh || (env[awsmesh.EnvHosts] != "") != c.inMesh {
				t.Errorf("the container is told %v, want %s: %t", env, awsmesh.EnvInMesh, c.inMesh)
			}
			ops := operations(t, d)
			labelled := strings.Contains(ops, awsmesh.LabelEgress) || strings.Contains(ops, escape(awsmesh.LabelEgress))
			if labelled != c.inMesh {
				t.Errorf("the label %s: %t, want %t: %s", awsmesh.LabelEgress, labelled, c.inMesh, ops)
			}
		})
	}
}

// Unproven plaintext is not for ambient pods.
func TestAmbientWithEndpointURLs(t *testing.T) {
	d := decideIn(t, withWaypoint, nil, set{awsmesh.AnnotationEndpointURLs: "true"}, "")
	if strings.Contains(operations(t, d), endpointURLPrefix) || len(d.Warnings) != 1 {
		t.Errorf("%v, %s, want a warning and no %s", d.Warnings, operations(t, d), endpointURLPrefix)
	}
}

// A namespace whose labels are not to be had is not guessed.
func TestAmbientUnknownNamespace(t *testing.T) {
	o := Options{NamespaceLabels: func(context.Context, string) (map[string]string, error) { return nil, errors.New("no answer") }}
	_, err := Pod(t.Context(), ambientPod(t, nil, nil, ""), "shop", o)
	if err == nil || err.Error() != `namespace "shop": no answer` {
		t.Errorf("%v", err)
	}
}

func decideIn(t *testing.T, namespace, labels, annotations set, spec string) Decision {
	t.Helper()
	o := Options{NamespaceLabels: func(_ context.Context, name string) (map[string]string, error) {
		if name != "shop" {
			t.Errorf("asked for namespace %q", name)
		}
		return namespace, nil
	}}
	d, err := Pod(t.Context(), ambientPod(t, labels, annotations, spec), "shop", o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func ambientPod(t *testing.T, labels, annotations set, spec string) []byte {
	t.Helper()
	all := set{awsmesh.AnnotationServices: "dynamodb", awsmesh.AnnotationRegion: "eu-west-1"}
	maps.Copy(all, annotations)
	metadata, err := json.Marshal(map[string]any{"name": "web", "labels": labels, "annotations": all})
	if err != nil {
		t.Fatal(err)
	}
	return []byte(`{"metadata":` + string(metadata) + `,"spec":{` + spec + `"containers":[{"name":"app"}]}}`)
}

func operations(t *testing.T, d Decision) string {
	t.Helper()
	text, err := json.Marshal(d.Patch)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
