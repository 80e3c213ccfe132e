package install_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

func TestInstallIsCurrent(t *testing.T) {
	committed, err := os.ReadFile(filepath.Join(root, "deploy", "install.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(kustomize(t, "deploy/base")), string(committed)); diff != "" {
		t.Errorf("deploy/install.yaml is not what kustomize makes of deploy/base; run \"make manifests\" (-want +got):\n%s", diff)
	}
}

// The overlay of cert-manager takes rights away and grants none.
func TestCertManagerNeedsFewerRights(t *testing.T) {
	base, overlay := rules(t, kustomize(t, "deploy/base")), rules(t, kustomize(t, "deploy/overlays/cert-manager"))
	gone := map[right]bool{}
	for r := range base {
		if !overlay[r] {
			gone[r] = true
		}
		delete(overlay, r)
	}
	if len(overlay) > 0 {
		t.Errorf("granted by the overlay alone: %v", overlay)
	}
	want := map[right]bool{
		{namespace, "get", "", "secrets", "aws-mesh-serving-cert"}:    true,
		{namespace, "list", "", "secrets", "aws-mesh-serving-cert"}:   true,
		{namespace, "watch", "", "secrets", "aws-mesh-serving-cert"}:  true,
		{namespace, "update", "", "secrets", "aws-mesh-serving-cert"}: true,

		{"", "patch", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "aws-mesh"}:   true,
		{"", "patch", "admissionregistration.k8s.io", "validatingwebhookconfigurations", "aws-mesh"}: true,
	}
	if diff := cmp.Diff(want, gone); diff != "" {
		t.Errorf("rights that the overlay takes away (-want +got):\n%s", diff)
	}
}

// The overlay for a local process is what the other tests do to install.yaml.
func TestLocalOverlayChangesOnlyWhereTheWebhookIs(t *testing.T) {
	redirected, err := redirect(kustomize(t, "deploy/base"), "127.0.0.1:9443")
	if err != nil {
		t.Fatal(err)
	}
	want, pods := documents(t, redirected), map[string]bool{"Deployment": true, "Service": true, "PodDisruptionBudget": true, "NetworkPolicy": true}
	for key, obj := range want {
		if pods[obj.GetKind()] {
			delete(want, key)
		}
	}
	if diff := cmp.Diff(want, documents(t, kustomize(t, "deploy/overlays/local"))); diff != "" {
		t.Error(diff)
	}
}

func kustomize(t *testing.T, path string) []byte {
	t.Helper()
	return kustomizeAt(t, filepath.Join(root, path))
}

func kustomizeAt(t *testing.T, dir string) []byte {
	t.Helper()
	out, err := env.Command(t.Context(), "kustomize", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// decode reads the documents of a stream, in order.
func decode(stream []byte) ([]*unstructured.Unstructured, error) {
	var objs []*unstructured.Unstructured
	for d := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(stream), 4096); ; {
		obj := &unstructured.Unstructured{}
		if err := d.Decode(&obj.Object); errors.Is(err, io.EOF) {
			return objs, nil
		} else if err != nil {
			return nil, err
		}
		objs = append(objs, obj)
	}
}

// documents reads a stream, by kind and name.
func documents(t *testing.T, stream []byte) map[string]*unstructured.Unstructured {
	t.Helper()
	objs, err := decode(stream)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]*unstructured.Unstructured{}
	for _, obj := range objs {
		by[obj.GetKind()+"/"+obj.GetName()] = obj
	}
	return by
}

// redirect has the API server call addr instead of the Service, and changes nothing
// else.
func redirect(manifests []byte, addr string) ([]byte, error) {
	objs, err := decode(manifests)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, obj := range objs {
		webhooks, _, _ := unstructured.NestedSlice(obj.Object, "webhooks")
		for _, w := range webhooks {
			w := w.(map[string]any)
			path, _, _ := unstructured.NestedString(w, "clientConfig", "service", "path")
			w["clientConfig"] = map[string]any{"url": "https://" + addr + path}
		}
		if len(webhooks) > 0 {
			obj.Object["webhooks"] = webhooks
		}
		b, err := yaml.Marshal(obj.Object)
		if err != nil {
			return nil, err
		}
		out.WriteString("---\n")
		out.Write(b)
	}
	return out.Bytes(), nil
}

// The Service, the budget and the NetworkPolicy are about our pods, and name ports that
// they have.
func TestSelectorsAndPortsMeetThePods(t *testing.T) {
	objs := documents(t, kustomize(t, "deploy/base"))
	pod, _, _ := unstructured.NestedStringMap(objs["Deployment/aws-mesh-webhook"].Object, "spec", "template", "metadata", "labels")
	for key, path := range map[string][]string{
		"Service/aws-mesh-webhook":             {"spec", "selector"},
		"PodDisruptionBudget/aws-mesh-webhook": {"spec", "selector", "matchLabels"},
		"NetworkPolicy/aws-mesh-webhook":       {"spec", "podSelector", "matchLabels"},
	} {
		selector, _, _ := unstructured.NestedStringMap(objs[key].Object, path...)
		if len(selector) == 0 || !labels.SelectorFromSet(selector).Matches(labels.Set(pod)) {
			t.Errorf("%s selects %v, the pods have %v", key, selector, pod)
		}
	}
	var policy networkingv1.NetworkPolicy
	must(t, runtime.DefaultUnstructuredConverter.FromUnstructured(objs["NetworkPolicy/aws-mesh-webhook"].Object, &policy))
	var deployment appsv1.Deployment
	must(t, runtime.DefaultUnstructuredConverter.FromUnstructured(objs["Deployment/aws-mesh-webhook"].Object, &deployment))
	from := map[string]bool{}
	for _, rule := range policy.Spec.Ingress {
		for _, port := range rule.Ports {
			from[port.Port.StrVal] = len(rule.From) > 0
		}
	}
	if want := map[string]bool{"admission": false, "metrics": true}; !maps.Equal(from, want) {
		t.Errorf("ingress, and whether only from some = %v, want %v", from, want)
	}
	for _, port := range deployment.Spec.Template.Spec.Containers[0].Ports {
		delete(from, port.Name)
	}
	if len(from) > 0 {
		t.Errorf("the pods lack the ports %v", from)
	}
}
