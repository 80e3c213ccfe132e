package istio

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// regionObjects returns what the controller writes into namespace shop for a pod that
// names all services of a region: in plaintext, and with TLS of its own.
func regionObjects(t *testing.T, regions ...string) map[string]string {
	t.Helper()
	program := buildCommandLine(t)
	objects := map[string]string{}
	for _, region := range regions {
		services := strings.Fields(run(t, exec.CommandContext(t.Context(), program, "services", "--region", region, "-o", "name")))
		if len(services) < 150 {
			t.Errorf("%d services in %s, want at least 150", len(services), region)
		}
		for _, mode := range []string{"plaintext", "passthrough"} {
			egress := exec.CommandContext(t.Context(), program, "egress", "-f", "-")
			egress.Stdin = strings.NewReader(fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  annotations: {aws-mesh/services: %q, aws-mesh/region: %s, aws-mesh/mode: %s}
spec: {containers: [{name: app}]}
`, strings.Join(services, ","), region, mode))
			objects[region+" "+mode] = run(t, egress)
		}
	}
	return objects
}

// buildCommandLine returns our command line, built with the flags of "make build": what
// that has compiled is not compiled again.
func buildCommandLine(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "aws-mesh")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", program, "./cmd/aws-mesh")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	run(t, build)
	return program
}

func run(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", c, err, stderr.String())
	}
	return string(out)
}
