package e2e

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"text/template"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// A holder is a pod that has a container for each source, in each of its roles: "init"
// makes its calls and ends, "side" is a native sidecar of the user's own.
type holder struct {
	Name        string
	Native      bool // Istio's sidecar is a native one, and starts before all others
	Annotations map[string]string
	Roles       map[string][]string // by the list in the pod
}

var (
	everyRole = map[string][]string{"initContainers": {"init", "side"}, "containers": {"app"}}
	holders   = []holder{
		{"native", true, asks("plaintext"), everyRole},
		{"ordinary", false, asks("plaintext"), everyRole},
		{"redirected", false, asks("plaintext"), map[string][]string{"initContainers": {"init"}, "containers": {"app"}}},
		{"not-annotated", false, nil, map[string][]string{"containers": {"app"}}},
	}
)

//go:embed testdata/holder.yaml
var holderYAML string

// hold creates the holders and returns them by their names, once they are ready.
func (s space) hold(t *testing.T) map[string]*corev1.Pod {
	t.Helper()
	for _, h := range holders {
		var pod strings.Builder
		if err := template.Must(template.New("").Parse(holderYAML)).Execute(&pod, map[string]any{
			"Space": s, "Holder": h, "Sources": sources,
			"Audiences": map[string]string{"EKS": aws.AudienceEKS, "STS": aws.AudienceSTS},
		}); err != nil {
			t.Fatal(err)
		}
		manifest := pod.String()
		if h.Name == "redirected" {
			manifest = redirected(t, manifest)
		}
		if err := env.Apply(t.Context(), manifest); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := env.Kubectl(t.Context(), "--namespace", s.Name, "wait", "pod", "--all", "--for=condition=Ready", "--timeout=600s"); err != nil {
		t.Fatal(err)
	}
	client, err := env.Client()
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.CoreV1().Pods(s.Name).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pods := map[string]*corev1.Pod{}
	for i, pod := range list.Items {
		pods[pod.Name] = &list.Items[i]
	}
	return pods
}

// redirected returns a pod as Istio's injector makes it, but that traffic is redirected
// first of all, as Istio's CNI plugin does it.
func redirected(t *testing.T, manifest string) string {
	t.Helper()
	text, err := env.KubectlWith(t.Context(), manifest, "create", "--dry-run=server", "-o", "json", "-f", "-")
	if err != nil {
		t.Fatal(err)
	}
	var pod corev1.Pod
	if err := json.Unmarshal([]byte(text), &pod); err != nil {
		t.Fatal(err)
	}
	containers := pod.Spec.InitContainers
	last := len(containers) - 1
	if containers[last].Name != "istio-init" {
		t.Fatalf("the last init container is %q, want istio-init", containers[last].Name)
	}
	pod.Spec.InitContainers = slices.Insert(containers[:last], 0, containers[last])
	pod.ObjectMeta = metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace, Labels: pod.Labels, Annotations: pod.Annotations}
	pod.Labels["sidecar.istio.io/inject"] = "false"
	pod.Status = corev1.PodStatus{}
	made, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	return string(made)
}

// said returns what a container's calls came to, which has ended.
func said(t *testing.T, pod *corev1.Pod, container string) map[string]outcome {
	t.Helper()
	client, err := env.Client()
	if err != nil {
		t.Fatal(err)
	}
	log, err := client.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{Container: container}).DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(log, []byte("\n"))
	line := max(0, slices.IndexFunc(lines, func(l []byte) bool { return bytes.HasPrefix(l, []byte("{")) })) // among what the SDKs log
	var outcomes map[string]outcome
	if err := json.Unmarshal(lines[line], &outcomes); err != nil {
		t.Fatalf("%v: %s", err, log)
	}
	return outcomes
}

// seen returns what AWS has seen of a pod, whose address another may have had before.
func seen(t *testing.T, pod *corev1.Pod) []aws.Record {
	t.Helper()
	var records []aws.Record
	if err := env.AWS().Of(pod.Status.PodIP).Records(t.Context(), &records); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(records, func(r aws.Record) bool { return r.Time.Before(pod.CreationTimestamp.Time) })
}

// checkSeen demands that AWS saw of a pod's calls what is wanted: of the sidecar's
// requests each has an id, which it gives them.
func checkSeen(t *testing.T, records []aws.Record, want expectation) {
	t.Helper()
	calls := 0
	for _, r := range records {
		if r.Via == aws.ViaLinkLocal {
			continue
		}
		calls++
		signed := r.Verdict == aws.Valid || isSTS(r) && r.Verdict == aws.Unsigned // a web identity needs no signature
		if r.Via != aws.ViaTLS || r.SNI != r.Host || !signed || (r.Header.Get("X-Request-Id") != "") != want.BySidecar {
			t.Errorf("AWS saw %s %s of host %q with SNI %q, via %s, signature %s %s, headers %v; want it by the sidecar: %t",
				r.Method, r.URI, r.Host, r.SNI, r.Via, r.Verdict, r.Problem, r.Header, want.BySidecar)
		}
	}
	if (calls > 0) == want.Refused {
		t.Errorf("AWS saw %d requests, want none: %t", calls, want.Refused)
	}
}
