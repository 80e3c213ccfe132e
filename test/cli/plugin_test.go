package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const pod = `apiVersion: v1
kind: Pod
metadata:
  name: orders
  namespace: cli
  annotations: {aws-mesh/services: "dynamodb,s3", aws-mesh/region: eu-west-1}
spec:
  containers:
  - name: app
    image: example.com/orders:1
    env:
    - {name: TABLE, value: orders}
`

func TestPlugin(t *testing.T) {
	plugin := buildPlugin(t)
	manifest := filepath.Join(t.TempDir(), "pod.yaml")
	if err := os.WriteFile(manifest, []byte(pod), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := env.CreateNamespace(t.Context(), "cli"); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ script, want string }{
		{"kubectl plugin list", "kubectl-aws_mesh"},
		{"kubectl aws-mesh inject --help", "kubectl aws-mesh inject -f FILE [flags]"},
		{"kubectl __complete aws-mesh services dyn", "dynamodb\tDynamoDB"},
		{"kubectl aws-mesh inject -f " + manifest + " | kubectl apply -f -", "pod/orders created"},
		{"kubectl get -n cli pod orders -o jsonpath='{.spec.containers[0].env[*].name}'", "AWS_MESH_IN_MESH AWS_REGION AWS_DEFAULT_REGION TABLE"},
		{"kubectl get -n cli pod orders -o yaml | kubectl aws-mesh inject -f - | kubectl diff -f - && echo same", "same"},
		{"kubectl aws-mesh egress -f " + manifest + " | kubectl apply -f -", "serviceentry.networking.istio.io/aws-mesh-dynamodb.eu-west-1.amazonaws.com created"},
		{"kubectl aws-mesh egress -f " + manifest + " | kubectl diff -f - && echo same", "same"},
		{"kubectl aws-mesh egress -o json -f " + manifest + " | kubectl diff -f - && echo same", "same"},
		{"kubectl get pods -n cli -o json | kubectl aws-mesh explain -f -", "Pod cli/orders"},
	} {
		out, err := shell(t.Context(), plugin, step.script)
		if err != nil || !strings.Contains(out, step.want) {
			t.Errorf("%s: %v, want %q in:\n%s", step.script, err, step.want, out)
		}
	}
}
