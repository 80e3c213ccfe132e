package e2e

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/template"

	"github.com/aws-mesh/aws-mesh/test/node/image"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

const ambientNamespace = "ambient-shop"

// An ambientApp is a Deployment of the sample application without a sidecar.
type ambientApp struct {
	Name        string
	Namespace   string
	Annotations map[string]string
	Ztunnel     bool              // what leaves it is redirected to our stand-in
	Addresses   map[string]string // by host, those that the application finds
}

// waypoints turns them on, until the test is over.
func waypoints(t *testing.T) {
	t.Helper()
	t.Cleanup(func() { asInstalled(t) })
	kubectl(t, "apply --server-side --force-conflicts -k ../../deploy/overlays/ambient")
	if err := env.Rollout(t.Context(), "aws-mesh-system", "aws-mesh-webhook"); err != nil {
		t.Fatal(err)
	}
	// Replicas that are told to end answer for 10 s more.
	if err := env.Until(t.Context(), "the replicas without --waypoints to be gone", func(context.Context) error {
		for _, pod := range pods(t, "aws-mesh-system", webhooks) {
			if pod.DeletionTimestamp != nil {
				return fmt.Errorf("%s is there", pod.Name)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// gatewayAPI installs the custom resources of Kubernetes' Gateway API, which Istio makes
// waypoints of. They stay: istiod goes on to watch them.
func gatewayAPI(t *testing.T) {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api")
	list.Dir = filepath.Join("..", "istio")
	dir, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "config", "crd", "standard", "gateway.networking.k8s.io_*s.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no custom resources of the Gateway API in %s: %v", dir, err)
	}
	for _, file := range files {
		if !strings.Contains(file, "_vap_") {
			kubectl(t, "apply --server-side -f "+file)
		}
	}
}

// importZtunnel gives the node an image of our stand-in, which is this program.
func importZtunnel(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err == nil {
		err = env.Import(t.Context(), image.Image{
			Name: "localhost/ztunnel-stand-in:node", Entrypoint: []string{"/e2e", "ztunnel"},
			Files: []image.File{{Path: "e2e", Source: self, Mode: 0o755}},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
}

//go:embed testdata/ambient.yaml
var ambientYAML string

// ambientSpace applies the namespace with its waypoint and apps, and waits until the apps
// and it are ready. It goes with the test.
func ambientSpace(t *testing.T, apps ...ambientApp) space {
	t.Helper()
	s := space{Name: ambientNamespace}
	t.Cleanup(func() { s.remove(t) })
	bootstrap, err := os.ReadFile(filepath.Join(env.Bin, "envoy_bootstrap.json"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range apps {
		apps[i].Namespace = s.Name
	}
	var manifest bytes.Buffer
	if err := template.Must(template.New("ambient").Parse(ambientYAML)).Execute(&manifest, map[string]any{
		"Namespace": s.Name, "Apps": apps, "AccessKeyID": aws.AccessKeyID, "SecretAccessKey": aws.SecretAccessKey,
		"Identity": identity(t, s.Name), "Filters": []string{"waypoint_downstream_peer_metadata", "waypoint_upstream_peer_metadata"},
		"Bootstrap": strings.Replace(string(bootstrap), "{{- if .metadata_discovery }}", "{{- if false }}", 1),
	}); err != nil {
		t.Fatal(err)
	}
	if err := gone(t.Context(), s.Name); err != nil {
		t.Fatal(err)
	}
	if _, err := env.KubectlWith(t.Context(), manifest.String(), "apply", "--namespace", s.Name, "--server-side", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	if len(apps) > 0 {
		kubectl(t, "--namespace "+s.Name+" wait deployment --all --for=condition=Available --timeout=600s")
	}
	return s
}

// identity returns that of the namespace's workloads, as the content of a Secret.
func identity(t *testing.T, namespace string) string {
	t.Helper()
	var pem [2]string
	for i, name := range []string{"ca-cert", "ca-key"} {
		text, err := env.Kubectl(t.Context(), "--namespace", "istio-system", "get", "secret", "istio-ca-secret", "-o", `jsonpath={.data.`+name+`\.pem}`)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		pem[i] = string(decoded)
	}
	secret, err := workloadIdentity(namespace, pem[0], pem[1])
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
