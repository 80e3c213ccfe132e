package pod

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Egress returns the Istio objects, YAML, that aws-mesh makes for a pod in [Namespace]
// with the annotations given, such as aws-mesh/services: it runs the command line of
// this checkout.
func Egress(ctx context.Context, annotations map[string]string) (string, error) {
	bin, err := defaultBin()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "run", "-trimpath", "./cmd/aws-mesh", "egress", "-f", "-")
	cmd.Dir = filepath.Dir(bin)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // with the flags of "make build", it is compiled already
	cmd.Stdin = strings.NewReader(manifest(annotations))
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return "", fmt.Errorf("aws-mesh egress: %s", exit.Stderr)
	}
	return string(out), err
}

func manifest(annotations map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  namespace: %s\n  annotations:\n", Namespace)
	for key, value := range annotations {
		fmt.Fprintf(&b, "    %s: %q\n", key, value)
	}
	b.WriteString("spec: {containers: [{name: app, image: app}]}\n")
	return b.String()
}
