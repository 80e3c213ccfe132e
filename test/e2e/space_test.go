package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"text/template"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// A space is a namespace of its own, with a policy for what may leave it.
type space struct {
	Name       string
	Policy     string // ALLOW_ANY or REGISTRY_ONLY
	DNSCapture bool   // Istio's agent answers the applications' DNS queries
	Apps       []app
}

// An app is a Deployment of the sample application.
type app struct {
	Name        string
	OutOfMesh   bool // it has no sidecar
	Annotations map[string]string
	Env         map[string]string
}

//go:embed testdata/space.yaml
var spaceYAML string

// create applies the space and waits until its pods are ready. It goes with the test.
func (s space) create(t *testing.T) {
	t.Helper()
	var manifest strings.Builder
	parsed, err := template.New("space").Parse(spaceYAML)
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.Execute(&manifest, map[string]any{
		"Space": s, "AccessKeyID": aws.AccessKeyID, "SecretAccessKey": aws.SecretAccessKey,
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := env.Kubectl(ctx, "delete", "namespace", s.Name, "--ignore-not-found", "--wait=false"); err != nil {
			t.Error(err)
		}
	})
	if err := env.Apply(t.Context(), manifest.String()); err != nil {
		t.Fatal(err)
	}
	if _, err := env.Kubectl(t.Context(), "--namespace", s.Name, "wait", "deployment", "--all", "--for=condition=Available", "--timeout=120s"); err != nil {
		t.Fatal(err)
	}
}

// pod returns the name of an app's pod.
func (s space) pod(t *testing.T, a app) string {
	t.Helper()
	client, err := env.Client()
	if err != nil {
		t.Fatal(err)
	}
	pods, err := client.CoreV1().Pods(s.Name).List(t.Context(), metav1.ListOptions{LabelSelector: "app=" + a.Name})
	if err != nil {
		t.Fatal(err)
	}
	if len(pods.Items) != 1 {
		t.Fatalf("%d pods of %s/%s, want 1", len(pods.Items), s.Name, a.Name)
	}
	return pods.Items[0].Name
}

// An outcome is what an application was told, see the sample's Outcome.
type outcome struct {
	OK    bool
	Error string
	Kind  string
	Cure  string
}

// call has the app call a service of AWS with an SDK.
func (s space) call(t *testing.T, a app, sdk, service string) outcome {
	t.Helper()
	answer, err := env.Pod(s.Name, s.pod(t, a), 8080).Do(t.Context(), "GET", "call?sdk="+sdk+"&service="+service, nil)
	if err != nil {
		t.Fatal(err)
	}
	var o outcome
	if err := json.Unmarshal(answer, &o); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	return o
}

// originated returns how many requests the app's sidecar has sent in TLS of its own to
// hosts of AWS. Without a sidecar it is none.
func (s space) originated(t *testing.T, a app) int {
	t.Helper()
	if a.OutOfMesh {
		return 0
	}
	sum := 0
	for line := range strings.Lines(s.envoy(t, a, "clusters")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "::rq_total::")
		if n := 0; strings.HasPrefix(name, "outbound|443|tls|") {
			if _, err := fmt.Sscan(value, &n); err == nil {
				sum += n
			}
		}
	}
	return sum
}
