package cli_test

import (
	"bytes"
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"

	"github.com/aws-mesh/aws-mesh/internal/cli"
)

// TestWebhookCases runs the webhook's golden cases through inject: what the one does to
// a pod, and says, the other does and says.
func TestWebhookCases(t *testing.T) {
	files, err := filepath.Glob("../mutate/testdata/*.txtar")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d cases, %v; want at least 40", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := webhookCase{}
			for _, f := range archive.Files {
				c[f.Name] = f.Data
			}
			c.check(t, c["pod.yaml"], c.response(t, "response.yaml"), c["mutated.yaml"])
			if injected, ok := c["istio.yaml"]; ok {
				c.check(t, injected, c.response(t, "second-response.yaml"), nil)
			}
		})
	}
}

// A webhookCase holds the sections of a file, as internal/mutate/testdata/README.md
// describes them.
type webhookCase map[string][]byte

type response struct {
	Allowed, Patched bool
	Message          string
	Warnings         []string
	Status           map[string]any
}

func (c webhookCase) response(t *testing.T, section string) response {
	t.Helper()
	var r response
	if err := yaml.Unmarshal(c[section], &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// named puts in front of a pod what the webhook's review says of it.
func named(pod []byte) string {
	if bytes.Contains(pod, []byte("kind: Pod\n")) {
		return string(pod)
	}
	return "apiVersion: v1\nkind: Pod\n" + string(pod)
}

// check injects pod and demands what the webhook answered; mutated is not compared if
// it is nil.
func (c webhookCase) check(t *testing.T, pod []byte, want response, mutated []byte) {
	t.Helper()
	input := named(pod)
	code, output, messages := c.run(t, input)
	warnings, mistakes := sortOut(messages)
	if diff := gocmp.Diff(want.Warnings, warnings); diff != "" {
		t.Errorf("warnings (-webhook +inject):\n%s", diff)
	}
	if !want.Allowed {
		_, message, _ := strings.Cut(want.Message, `": `) // behind: pod "web"
		if diff := gocmp.Diff(strings.Split(message, "\n"), mistakes); code != 3 || diff != "" {
			t.Errorf("exit code %d, mistakes (-webhook +inject):\n%s", code, diff)
		}
		return
	}
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, messages)
	}
	if got := output != input; got != want.Patched {
		t.Errorf("changed: %v, the webhook: %v", got, want.Patched)
	}
	got := read(t, output)
	if mutated != nil {
		if diff := gocmp.Diff(read(t, named(mutated)), got); diff != "" {
			t.Errorf("pod (-webhook +inject):\n%s", diff)
		}
	}
	if diff := gocmp.Diff(want.Status, statusOf(t, got)); diff != "" {
		t.Errorf("status (-webhook +inject):\n%s", diff)
	}
}

func (c webhookCase) run(t *testing.T, pod string) (code int, output, messages string) {
	t.Helper()
	var o struct{ Namespace, NamespaceRegion, DefaultRegion, ExcludeIPRanges string }
	if err := yaml.UnmarshalStrict(c["options.yaml"], &o); err != nil {
		t.Fatal(err)
	}
	namespace := cmp.Or(o.Namespace, "shop")
	text := pod
	if o.NamespaceRegion != "" {
		text = "{kind: Namespace, metadata: {name: " + namespace + ", annotations: {aws-mesh/region: " + o.NamespaceRegion + "}}}\n---\n" + pod
	}
	var stdout, stderr bytes.Buffer
	code = cli.Run(t.Context(), cli.World{
		Args: []string{"aws-mesh", "inject", "-f", "-", "-n", namespace,
			"--default-region", o.DefaultRegion, "--exclude-ip-ranges", o.ExcludeIPRanges},
		Stdin:  strings.NewReader(text),
		Stdout: &stdout,
		Stderr: &stderr,
	})
	return code, strings.TrimPrefix(stdout.String(), strings.TrimSuffix(text, pod)), stderr.String()
}

// sortOut takes what stands before each message off.
func sortOut(messages string) (warnings, mistakes []string) {
	for line := range strings.Lines(messages) {
		_, message, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "): ")
		if strings.HasPrefix(line, "Warning: ") {
			warnings = append(warnings, message)
		} else {
			mistakes = append(mistakes, message)
		}
	}
	return warnings, slices.Clip(mistakes)
}

func read(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := yaml.UnmarshalStrict([]byte(text), &v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return v
}

func statusOf(t *testing.T, pod map[string]any) map[string]any {
	t.Helper()
	metadata, _ := pod["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	status, ok := annotations["aws-mesh/status"].(string)
	if !ok {
		return nil
	}
	return read(t, status)
}
