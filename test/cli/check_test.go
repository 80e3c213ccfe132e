package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const checked = `apiVersion: v1
kind: Namespace
metadata: {name: checked, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: early, namespace: checked, annotations: {aws-mesh/services: sqs, aws-mesh/region: eu-west-1}}
spec: {containers: [{name: app, image: example.com/app:1}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: orders
  namespace: checked
  annotations: {aws-mesh/services: sns, aws-mesh/region: eu-west-1}
spec:
  containers:
  - {name: app, image: example.com/app:1}
  - {name: istio-proxy, image: "istio/proxyv2:1.31.0"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: checked}
rules: [{apiGroups: [""], resources: [pods], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: checked}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: reader}]
`

// TestCheck looks at a cluster where the webhook never was, with all rights and with few,
// and mends what is found.
func TestCheck(t *testing.T) {
	plugin := buildPlugin(t)
	manifest := filepath.Join(t.TempDir(), "checked.yaml")
	if err := os.WriteFile(manifest, []byte(checked), 0o600); err != nil {
		t.Fatal(err)
	}
	const check = "kubectl aws-mesh check -n checked "
	for _, step := range []struct{ script, want string }{
		{"kubectl apply -f " + manifest, "pod/early created"},
		{check + "|| echo exit $?", "aws-mesh is not installed"},
		{check + "|| echo exit $?", "Pod checked/early"},
		{check + "|| echo exit $?", "exit 1"},
		{check + "pod/early -o json | grep '\"where\"' | sort | uniq -c", `"where": "Pod checked/early"`},
		{check + "--as reader || echo exit $?", "not looked at: mutatingwebhookconfigurations: no right to list mutatingwebhookconfigurations.admissionregistration.k8s.io"},
		{check + "--as reader || echo exit $?", "the webhook has not seen this pod"},
		{check + "--as nobody || echo exit $?", "error: pods in namespace checked: no right to list pods"},
		{check + "--context nowhere || echo exit $?", `context "nowhere" does not exist`},
		{check + "--server https://127.0.0.1:1 || echo exit $?", "connection refused"},
		{check + "deployment/none || echo exit $?", `Deployment "none" not found in namespace "checked"`},
		{"kubectl aws-mesh check -n none || echo exit $?", `namespace "none" not found`},
		// What the webhook would have made of it: then the controller is what is missing.
		{"kubectl get -n checked pod orders -o yaml | kubectl aws-mesh inject -f - | kubectl replace --force -f -", "pod/orders replaced"},
		{check + "pod/orders || echo exit $?", "ServiceEntry checked/aws-mesh-sns.eu-west-1.amazonaws.com"},
		{"kubectl get -n checked pod orders -o yaml | kubectl aws-mesh egress -f - | kubectl apply -f - && " + check + "pod/orders || echo exit $?", "workloads: 1, errors: 1, warnings: 0"},
	} {
		out, err := shell(t.Context(), plugin, step.script)
		if err != nil || !strings.Contains(out, step.want) {
			t.Errorf("%s: %v, want %q in:\n%s", step.script, err, step.want, out)
		}
	}
}
