// Package cli tests the command line as kubectl's plugin, with the real kubectl and
// against a real API server with Istio's CRDs.
package cli

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/cluster"
)

var env *cluster.Cluster

func TestMain(m *testing.M) { os.Exit(cluster.Main(m, &env, cluster.Options{CRDs: true})) }

// buildPlugin builds the command line under its names for kubectl, and returns their
// folder, which has kubectl, too.
func buildPlugin(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	plugin := filepath.Join(dir, "kubectl-aws_mesh")
	// The flags of "make build": what it has compiled is not compiled again.
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", plugin, "./cmd/aws-mesh")
	build.Dir = env.Root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for link, target := range map[string]string{
		"kubectl_complete-aws_mesh": plugin,
		"kubectl":                   env.Command(t.Context()).Path,
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// shell runs a command line with kubectl and the plugin in the PATH, and no plugin of
// the machine's.
func shell(ctx context.Context, plugin, script string) (string, error) {
	c := exec.CommandContext(ctx, "sh", "-ec", script)
	c.Env = append(env.Command(ctx).Env, "PATH="+plugin+":/usr/bin:/bin")
	out, err := c.CombinedOutput()
	return string(out), err
}
