package mutate_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// FuzzMutate sends any bytes, and then the pod in them as the API server would write
// it. A patch must apply, change our paths only, and leave nothing to patch.
func FuzzMutate(f *testing.F) {
	seed(f, "pods")
	h := (&mutate.Handler{Options: mutate.Options{DefaultRegion: "eu-west-1"}}).Mutate()
	f.Fuzz(func(t *testing.T, body []byte) {
		if w := post(h, body); w.Code >= http.StatusInternalServerError {
			t.Fatalf("HTTP %d %s", w.Code, w.Body)
		}
		pod := canonicalObject(body)
		if pod == nil {
			return
		}
		r, mutated := admit(t, h, pod, "shop")
		if !r.Allowed {
			if r.Message == "" {
				t.Error("refused without a message")
			}
			return
		}
		if diff := gocmp.Diff(foreign(t, pod), foreign(t, mutated)); diff != "" {
			t.Errorf("more than our paths changed: -before +after\n%s", diff)
		}
		settled(t, h, mutated, "shop")
	})
}

// FuzzValidate sends any bytes, and then the workload in them as of every kind.
func FuzzValidate(f *testing.F) {
	seed(f, "deployments")
	h := (&mutate.Handler{Options: mutate.Options{DefaultRegion: "eu-west-1"}}).Validate()
	f.Fuzz(func(t *testing.T, body []byte) {
		if w := post(h, body); w.Code >= http.StatusInternalServerError {
			t.Fatalf("HTTP %d %s", w.Code, w.Body)
		}
		object := canonicalObject(body)
		if object == nil {
			return
		}
		for _, kind := range []string{"Pod", "PodTemplate", "Deployment", "CronJob"} {
			resp := send(t, h, map[string]any{
				"uid": "u", "operation": "CREATE", "kind": map[string]string{"kind": kind}, "object": json.RawMessage(object),
			})
			if resp.Patch != nil || !resp.Allowed && resp.Status.Message == "" {
				t.Errorf("patch %s, allowed %v, %q", resp.Patch, resp.Allowed, resp.Status.Message)
			}
		}
	})
}

func seed(f *testing.F, resource string) {
	f.Helper()
	for _, c := range cases(f) {
		for _, name := range []string{"pod.yaml", "istio.yaml"} {
			text := c.Section(name)
			if text == "" {
				continue
			}
			object := fromYAML(f, text)
			kind := "Pod"
			if resource != "pods" {
				kind, object = "Deployment", []byte(within([]string{"spec", "template"}, string(object)))
			}
			body, err := json.Marshal(map[string]any{
				"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
				"request": map[string]any{
					"uid": "u", "operation": "CREATE", "namespace": "shop", "object": json.RawMessage(object),
					"kind": map[string]string{"kind": kind}, "resource": map[string]string{"version": "v1", "resource": resource},
				},
			})
			if err != nil {
				f.Fatal(err)
			}
			f.Add(body)
		}
	}
	review, err := os.ReadFile("testdata/review-optin.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(review)
}

// canonicalObject returns the object in a review as the API server writes it: each name
// once, valid UTF-8. It is nil if there is none.
func canonicalObject(body []byte) []byte {
	var review struct {
		Request struct{ Object map[string]any }
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&review) != nil || review.Request.Object == nil {
		return nil
	}
	object, err := json.Marshal(review.Request.Object)
	if err != nil {
		return nil
	}
	return object
}

// foreign returns pod without what the webhook may write.
func foreign(t *testing.T, pod []byte) map[string]any {
	t.Helper()
	var p map[string]any
	d := json.NewDecoder(bytes.NewReader(pod))
	d.UseNumber()
	if err := d.Decode(&p); err != nil {
		t.Fatal(err)
	}
	metadata, _ := p["metadata"].(map[string]any)
	prune(metadata, "labels", awsmesh.LabelEgress)
	prune(metadata, "annotations", awsmesh.AnnotationStatus, "traffic.sidecar.istio.io/excludeOutboundIPRanges")
	spec, _ := p["spec"].(map[string]any)
	for _, field := range []string{"containers", "initContainers"} {
		list, _ := spec[field].([]any)
		for _, item := range list {
			if c, ok := item.(map[string]any); ok {
				pruneEnv(c)
			}
		}
	}
	return p
}

// prune takes keys off the map in m[field], and the map if nothing is left.
func prune(m map[string]any, field string, keys ...string) {
	sub, _ := m[field].(map[string]any)
	for _, key := range keys {
		delete(sub, key)
	}
	if len(sub) == 0 && m != nil {
		delete(m, field)
	}
}

func pruneEnv(container map[string]any) {
	env, _ := container["env"].([]any)
	var kept []any
	for _, item := range env {
		v, _ := item.(map[string]any)
		name, _ := v["name"].(string)
		if !strings.HasPrefix(name, "AWS_MESH_") && !strings.HasPrefix(name, "AWS_ENDPOINT_URL_") && name != "AWS_REGION" && name != "AWS_DEFAULT_REGION" {
			kept = append(kept, item)
		}
	}
	if container["env"] = kept; len(kept) == 0 {
		delete(container, "env")
	}
}
