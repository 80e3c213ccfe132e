// Package install_test installs deploy/install.yaml on a real API server and runs the
// webhook as its own process, with exactly the rights that the manifests grant. All that
// is changed is where the API server finds it: on loopback, since there is no node.
package install_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/cluster"
)

var (
	env      *cluster.Cluster
	dir      string    // for binaries and logs, removed at the end
	auditLog string    // what the API server was asked, a JSON object a line
	front    *balancer // stands for the Service
)

const root = "../.."

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) (code int) {
	var err error
	if dir, err = os.MkdirTemp("", "aws-mesh-install-"); err != nil {
		return report(err)
	}
	defer os.RemoveAll(dir)
	auditLog = filepath.Join(dir, "audit.log")
	policy := filepath.Join(dir, "policy.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return report(err)
	}
	if front, err = newBalancer(); err != nil {
		return report(err)
	}
	defer front.close()
	if err := build(); err != nil {
		return report(err)
	}
	return cluster.Main(installed{m}, &env, cluster.Options{
		CRDs: true, ControllerManager: true, ServiceAccountAdmission: true,
		Flags: map[string]string{"audit-policy-file": policy, "audit-log-path": auditLog},
	})
}

// Only what the webhook asks is of interest.
const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  users: ["` + webhookUser + `"]
- level: None
`

// installed installs the manifests before the tests run.
type installed struct{ m *testing.M }

func (i installed) Run() int {
	if err := install(context.Background()); err != nil {
		return report(err)
	}
	return i.m.Run()
}

// install applies what `kubectl apply -f deploy/install.yaml` would.
func install(ctx context.Context) error {
	manifests, err := os.ReadFile(filepath.Join(root, "deploy", "install.yaml"))
	if err != nil {
		return err
	}
	onLoopback, err := redirect(manifests, front.addr())
	if err != nil {
		return err
	}
	apply := env.Command(ctx, "apply", "--server-side", "-f", "-")
	apply.Stdin = bytes.NewReader(onLoopback)
	if out, err := apply.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// build builds the webhook with the race detector in it.
func build() error {
	cmd := exec.Command("go", "build", "-race", "-o", filepath.Join(dir, "webhook"), "./cmd/webhook")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func report(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}
