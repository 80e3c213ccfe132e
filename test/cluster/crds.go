package cluster

import (
	"context"
	"os/exec"
	"path/filepath"

	_ "istio.io/api/annotation" // requires the module, whose CRDs are installed
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// InstallIstioCRDs applies Istio's custom resource definitions, those of the
// istio.io/api that the test module requires, and waits until they are served.
func (c *Cluster) InstallIstioCRDs(ctx context.Context) error {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "istio.io/api")
	list.Dir = filepath.Join(c.Root, "test")
	dir, err := output(list)
	if err != nil {
		return err
	}
	_, err = envtest.InstallCRDs(c.Config, envtest.CRDInstallOptions{
		Paths:              []string{filepath.Join(dir, "kubernetes", "customresourcedefinitions.gen.yaml")},
		ErrorIfPathMissing: true,
	})
	return err
}
