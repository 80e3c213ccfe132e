package install_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// yamlIn returns the YAML examples of a document that contain all of words.
func yamlIn(t *testing.T, document string, words ...string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, document))
	must(t, err)
	var found []string
examples:
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		for _, w := range words {
			if !strings.Contains(m[1], w) {
				continue examples
			}
		}
		found = append(found, m[1])
	}
	if found == nil {
		t.Fatalf("%s has no example with %q", document, words)
	}
	return found
}

// The patches that deploy/README.md has for managed clusters do what it says.
func TestManagedClusters(t *testing.T) {
	dir := likeREADME(t, nil)
	file := filepath.Join(dir, "kustomization.yaml")
	text, err := os.ReadFile(file)
	must(t, err)
	for _, example := range yamlIn(t, "deploy/README.md", "- target:") {
		if strings.Contains(example, "images:") {
			continue // the kustomization itself
		}
		_, patches, _ := strings.Cut("\n"+example, "\n- target:")
		text = append(text, "- target:"+patches...)
	}
	must(t, os.WriteFile(file, text, 0o600))
	built := documents(t, kustomizeAt(t, dir))
	host, _, _ := unstructured.NestedBool(built["Deployment/aws-mesh-webhook"].Object, "spec", "template", "spec", "hostNetwork")
	security := built["Namespace/aws-mesh-system"].GetLabels()["pod-security.kubernetes.io/enforce"]
	egress, _, _ := unstructured.NestedSlice(built["NetworkPolicy/aws-mesh-webhook"].Object, "spec", "egress")
	if !host || security != "privileged" || !strings.Contains(fmt.Sprint(egress), "4443") {
		t.Errorf("hostNetwork %v, pod security %q, egress %v", host, security, egress)
	}
}

// The policy of docs/security.md lets a namespace ask for what it may, by an annotation.
func TestWhatANamespaceMayAskFor(t *testing.T) {
	run(t, 1, "--egress=false")
	applyPolicy(t, "aws-services", yamlIn(t, "docs/security.md", "name: aws-services")[0])
	may, not := newNamespace(t, "may"), newNamespace(t, "may-not")
	_, err := env.Kubectl(t.Context(), "annotate", "namespace", may, "example.com/aws-services=dynamodb,s3,s3tables")
	must(t, err)
	create := func(namespace string, annotations map[string]string, options ...client.CreateOption) error {
		pod := annotated(namespace, "app")
		pod.Annotations = annotations
		return env.Client.Create(t.Context(), pod, options...)
	}
	asks := func(services string) map[string]string {
		return map[string]string{"aws-mesh/services": services, "aws-mesh/region": "eu-west-1"}
	}
	refused := func(err error, why string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%v; want a refusal with %q", err, why)
		}
	}
	eventually(t, func() error {
		if err := create(not, nil, client.DryRunAll); err != nil {
			return err // not even one that does not ask: no service account yet
		}
		if create(not, asks("dynamodb"), client.DryRunAll) == nil {
			return errors.New("the policy is not in force")
		}
		return nil
	})
	refused(create(not, asks("dynamodb")), `this namespace may have ""`)
	eventually(t, func() error { return create(may, asks("s3tables"), client.DryRunAll) })
	eventually(t, func() error {
		pod := asks("dynamodb, s3")
		pod["aws-mesh/s3-buckets"] = "orders"
		return create(may, pod)
	})
	refused(create(may, asks("dynamodb, sqs"), client.DryRunAll), `this namespace may have "dynamodb,s3,s3tables"`)
	refused(create(may, asks("dynamodb, s3"), client.DryRunAll), "name the buckets")

	_, err = env.Kubectl(t.Context(), "annotate", "pod", "app", "-n", may, "--overwrite", "aws-mesh/status={}")
	refused(err, "aws-mesh/status is the webhook's")
	_, err = env.Kubectl(t.Context(), "label", "pod", "app", "-n", may, "team=orders")
	must(t, err)
}
