package mutate_test

import (
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	gocmp "github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
	"github.com/aws-mesh/aws-mesh/internal/mutate/golden"
)

var update = flag.Bool("update", false, "rewrite the golden sections of testdata/*.txtar")

// TestGolden runs the cases of testdata through the handler. README.md there says what
// each section is.
func TestGolden(t *testing.T) {
	for _, c := range cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			want := c.Text()
			runCase(t, c)
			if *update {
				if err := c.Write(); err != nil {
					t.Fatal(err)
				}
			} else if diff := gocmp.Diff(want, c.Text()); diff != "" {
				t.Errorf("-want +got; go test -update rewrites it\n%s", diff)
			}
		})
	}
}

func cases(t testing.TB) []golden.Case {
	t.Helper()
	list, err := golden.Cases("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func runCase(t *testing.T, c golden.Case) {
	t.Helper()
	o, err := c.Options()
	if err != nil {
		t.Fatal(err)
	}
	h := handlerFor(o).Mutate()
	pod := fromYAML(t, c.Section("pod.yaml"))
	r, mutated := admit(t, h, pod, o.Namespace)
	c.Set("response.yaml", toYAML(t, r))
	c.Set("mutated.yaml", podYAML(t, pod, mutated))
	settled(t, h, mutated, o.Namespace)

	if injected := c.Section("istio.yaml"); injected != "" {
		pod := fromYAML(t, injected)
		r, second := admit(t, h, pod, o.Namespace)
		c.Set("second-response.yaml", toYAML(t, r))
		c.Set("second-patch.yaml", patchYAML(t, h, pod, o.Namespace))
		settled(t, h, second, o.Namespace)
	}
}

func handlerFor(o golden.Options) *mutate.Handler {
	return &mutate.Handler{Options: mutate.Options{
		DefaultRegion:   o.DefaultRegion,
		ExcludeIPRanges: o.ExcludeIPRanges,
		NamespaceRegion: func(context.Context, string) (string, error) { return o.NamespaceRegion, nil },
	}}
}

// settled demands that a call with nothing new patches nothing.
func settled(t *testing.T, h http.Handler, pod []byte, namespace string) {
	t.Helper()
	if pod == nil {
		return
	}
	if _, again := admit(t, h, pod, namespace); string(again) != string(pod) {
		t.Errorf("one more call patches again:\n%s", gocmp.Diff(string(pod), string(again)))
	}
}

// admit sends the creation of pod to h, and applies the patch of the answer. The pod is
// nil if it is refused.
func admit(t testing.TB, h http.Handler, pod []byte, namespace string) (golden.Response, []byte) {
	t.Helper()
	resp := send(t, h, creation(pod, namespace))
	r := golden.Response{Allowed: resp.Allowed, Patched: resp.Patch != nil, Warnings: resp.Warnings, Message: resp.Status.Message}
	if !r.Allowed {
		return r, nil
	}
	mutated := apply(t, pod, resp.Patch)
	r.Status = statusOf(t, mutated)
	return r, mutated
}

func creation(pod []byte, namespace string) map[string]any {
	return map[string]any{
		"uid": "golden", "operation": "CREATE", "namespace": namespace, "object": json.RawMessage(pod),
		"kind":     map[string]string{"version": "v1", "kind": "Pod"},
		"resource": map[string]string{"version": "v1", "resource": "pods"},
	}
}

type answer struct {
	Allowed   bool
	Patch     []byte
	PatchType string
	Warnings  []string
	Status    struct {
		Message string
		Reason  string
		Code    int
	}
}

func send(t testing.TB, h http.Handler, request map[string]any) answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
	if err != nil {
		t.Fatal(err)
	}
	w := post(h, body)
	var review struct {
		APIVersion, Kind string
		Response         struct {
			UID string
			answer
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &review); w.Code != http.StatusOK || err != nil {
		t.Fatalf("HTTP %d %s: %v", w.Code, w.Body, err)
	}
	if review.APIVersion != "admission.k8s.io/v1" || review.Kind != "AdmissionReview" || review.Response.UID != request["uid"] {
		t.Fatalf("the answer is not one to the review: %s", w.Body)
	}
	return review.Response.answer
}

func apply(t testing.TB, pod, patch []byte) []byte {
	t.Helper()
	if patch == nil {
		return pod
	}
	p, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		t.Fatalf("%v in %s", err, patch)
	}
	out, err := p.Apply(pod)
	if err != nil {
		t.Fatalf("%v in %s", err, patch)
	}
	return out
}

func statusOf(t testing.TB, pod []byte) *awsmesh.Status {
	t.Helper()
	var p struct {
		Metadata struct{ Annotations map[string]string }
	}
	if err := json.Unmarshal(pod, &p); err != nil {
		t.Fatal(err)
	}
	value, ok := p.Metadata.Annotations[awsmesh.AnnotationStatus]
	if !ok {
		return nil
	}
	status, err := awsmesh.ParseStatus(value)
	if err != nil {
		t.Fatal(err)
	}
	return &status
}

func fromYAML(t testing.TB, text string) []byte {
	t.Helper()
	b, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func toYAML(t testing.TB, v any) string {
	t.Helper()
	b, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// podYAML returns after as YAML, or "" if there is none or it is as before.
func podYAML(t testing.TB, before, after []byte) string {
	t.Helper()
	if after == nil || string(after) == string(before) {
		return ""
	}
	b, err := yaml.JSONToYAML(after)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// patchYAML returns the operations of the answer, one a line.
func patchYAML(t testing.TB, h http.Handler, pod []byte, namespace string) string {
	t.Helper()
	resp := send(t, h, creation(pod, namespace))
	if resp.Patch == nil {
		return ""
	}
	var ops []json.RawMessage
	if err := json.Unmarshal(resp.Patch, &ops); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, op := range ops {
		b.WriteString("- " + string(op) + "\n")
	}
	return b.String()
}
