package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// A report is what "aws-mesh check -o json" says.
type report struct {
	Workloads []struct {
		Name             string
		Pods, PodsInMesh int
	}
	Findings []finding
}

type finding struct{ Severity, Check, Where, Problem, Cure string }

// TestCheck has the command line look at a namespace in which all is well, and again after
// each thing that goes wrong there.
func TestCheck(t *testing.T) {
	t.Parallel()
	orders := app{Name: "orders", Annotations: map[string]string{awsmesh.AnnotationServices: "dynamodb", awsmesh.AnnotationRegion: "eu-west-1"}}
	s := space{Name: "check", Policy: "REGISTRY_ONLY", Apps: []app{orders}}
	s.create(t)
	check := newChecker(t, s.Name)

	cell(t, []string{"well"}, func(t *testing.T) {
		check.until(t, 0, func(r report) bool {
			return len(r.Findings) == 0 && len(r.Workloads) == 1 && r.Workloads[0].PodsInMesh == 1
		})
	})
	for _, step := range []struct{ name, do, undo, where, problem string }{
		{
			"an object of the user's own", "create -f " + write(t, claim), "delete serviceentry mine",
			"ServiceEntry check/mine", "aws-mesh leaves dynamodb.eu-west-1.amazonaws.com",
		},
		{
			"a Sidecar that hides the objects", `patch sidecar default --type merge -p {"spec":{"egress":[{"hosts":["istio-system/*"]}]}}`,
			`patch sidecar default --type json -p [{"op":"remove","path":"/spec/egress"}]`, "Sidecar check/default", "leave out namespace check",
		},
		{
			"an annotation that came later", "annotate pod --all --overwrite aws-mesh/services=dynamodb,sqs", "annotate pod --all --overwrite aws-mesh/services=dynamodb",
			"Deployment check/orders", "the decision is older than the annotations",
		},
	} {
		cell(t, []string{step.name}, func(t *testing.T) {
			s.kubectl(t, step.do)
			check.until(t, 1, func(r report) bool { return r.has(step.where, step.problem) })
			s.kubectl(t, step.undo)
			check.until(t, 0, func(r report) bool { return len(r.Findings) == 0 })
		})
	}
}

// claim is an object of the user's own for a host that the pods need.
const claim = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: mine}
spec: {hosts: [dynamodb.eu-west-1.amazonaws.com], exportTo: [.], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS}
`

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (r report) has(where, problem string) bool {
	for _, f := range r.Findings {
		if f.Severity == "error" && f.Where == where && strings.Contains(f.Problem, problem) {
			return true
		}
	}
	return false
}

// A checker runs the check of a namespace.
type checker func(*testing.T) (exitCode int, r report)

// until waits for a check that ends as wanted: controllers take their time.
func (c checker) until(t *testing.T, code int, want func(report) bool) {
	t.Helper()
	if err := env.Until(t.Context(), "the findings that are wanted", func(context.Context) error {
		if got, r := c(t); got != code || !want(r) {
			return fmt.Errorf("exit code %d, want %d: %+v", got, code, r)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// newChecker builds the command line.
func newChecker(t *testing.T, namespace string) checker {
	t.Helper()
	program := filepath.Join(t.TempDir(), "aws-mesh")
	// The flags of "make build": what it has compiled is not compiled again.
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", program, "./cmd/aws-mesh")
	build.Dir, build.Env = filepath.Dir(env.Bin), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return func(t *testing.T) (int, report) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, "check", "--namespace", namespace, "-o", "json", "--kubeconfig", env.Kubeconfig())
		var said strings.Builder
		cmd.Stderr = &said
		out, _ := cmd.Output()
		var r report
		if err := json.Unmarshal(out, &r); err != nil {
			t.Fatalf("%v\n%s%s", err, out, &said)
		}
		return cmd.ProcessState.ExitCode(), r
	}
}
