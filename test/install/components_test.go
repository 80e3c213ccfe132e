package install_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A user's kustomization, the one that deploy/README.md shows, may have the components in
// any combination and order: the flags of each are there, and the user's image.
func TestComponentsCombine(t *testing.T) {
	flags := map[string]string{"cert-manager": "--cert-dir=/certs", "egress-gateway": "--egress-gateway=aws-mesh-egress/gateway", "ambient": "--waypoints"}
	for _, components := range orders("cert-manager", "egress-gateway", "ambient") {
		t.Run(strings.Join(components, ","), func(t *testing.T) {
			built := kustomizeAt(t, likeREADME(t, components))
			webhook := containerOf(t, built)
			args, _, _ := unstructured.NestedStringSlice(webhook, "args")
			want := []string{"--namespace=$(POD_NAMESPACE)", "--identity=$(POD_NAME)_$(POD_UID)"}
			for _, c := range components {
				want = append(want, flags[c])
			}
			if want = append(want, "--default-region=eu-west-1"); !slices.Equal(args, want) {
				t.Errorf("flags %q, want %q", args, want)
			}
			if webhook["image"] != "registry.example.com/aws-mesh/webhook:v0.1.0" {
				t.Errorf("image %q, want the user's", webhook["image"])
			}
			rights, gateway := "deploy/base", slices.Contains(components, "egress-gateway")
			if slices.Contains(components, "cert-manager") {
				rights = "deploy/overlays/cert-manager"
			}
			if diff := cmp.Diff(rules(t, kustomize(t, rights)), rules(t, built)); diff != "" {
				t.Errorf("rights (-%s +built):\n%s", rights, diff)
			}
			if got := documents(t, built)["Gateway/aws-mesh"] != nil; got != gateway {
				t.Errorf("an egress gateway: %v, want %v", got, gateway)
			}
		})
	}
}

// likeREADME returns a folder as deploy/README.md has it, with components.
func likeREADME(t *testing.T, components []string) string {
	t.Helper()
	list := "components:"
	for _, c := range components {
		list += "\n- ../aws-mesh/deploy/components/" + c
	}
	text := strings.Replace(yamlIn(t, "deploy/README.md", "# install/kustomization.yaml\n")[0], "components: []", list, 1)
	checkout, err := filepath.Abs(root)
	must(t, err)
	dir := t.TempDir()
	must(t, os.Symlink(checkout, filepath.Join(dir, "aws-mesh")))
	must(t, os.Mkdir(filepath.Join(dir, "install"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "install", "kustomization.yaml"), []byte(text), 0o600))
	return filepath.Join(dir, "install")
}

// orders returns every choice of items in every order, none of them included.
func orders(items ...string) [][]string {
	all := [][]string{nil}
	for i := 0; i < len(all); i++ {
		for _, item := range items {
			if !slices.Contains(all[i], item) {
				all = append(all, append(slices.Clone(all[i]), item))
			}
		}
	}
	return all
}

func containerOf(t *testing.T, manifests []byte) map[string]any {
	t.Helper()
	containers, _, _ := unstructured.NestedSlice(documents(t, manifests)["Deployment/aws-mesh-webhook"].Object, "spec", "template", "spec", "containers")
	return containers[0].(map[string]any)
}
