package cli_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/cli"
	"github.com/aws-mesh/aws-mesh/internal/mutate/golden"
)

// TestWebhookCases runs the webhook's golden cases through inject: what the one does to
// a pod, and says, the other does and says.
func TestWebhookCases(t *testing.T) {
	cases, err := golden.Cases("../mutate/testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			webhookCase{c}.check(t, "pod.yaml", "response.yaml", "mutated.yaml")
			if c.Section("istio.yaml") != "" {
				webhookCase{c}.check(t, "istio.yaml", "second-response.yaml", "")
			}
		})
	}
}

type webhookCase struct{ golden.Case }

// named puts in front of a pod what the webhook's review says of it.
func named(pod string) string {
	if strings.Contains(pod, "kind: Pod\n") {
		return pod
	}
	return "apiVersion: v1\nkind: Pod\n" + pod
}

// check injects the pod of a section and demands what the webhook answered; without
// the section mutated, the pod is not compared.
func (c webhookCase) check(t *testing.T, pod, response, mutated string) {
	t.Helper()
	want, err := c.Response(response)
	if err != nil {
		t.Fatal(err)
	}
	input := named(c.Section(pod))
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
	if text := c.Section(mutated); text != "" {
		if diff := gocmp.Diff(read(t, named(text)), got); diff != "" {
			t.Errorf("pod (-webhook +inject):\n%s", diff)
		}
	}
	if diff := gocmp.Diff(want.Status, statusOf(t, got)); diff != "" {
		t.Errorf("status (-webhook +inject):\n%s", diff)
	}
}

func (c webhookCase) run(t *testing.T, pod string) (code int, output, messages string) {
	t.Helper()
	o, err := c.Options()
	if err != nil {
		t.Fatal(err)
	}
	text := pod
	if o.NamespaceRegion != "" {
		text = "{kind: Namespace, metadata: {name: " + o.Namespace + ", annotations: {aws-mesh/region: " + o.NamespaceRegion + "}}}\n---\n" + pod
	}
	var stdout, stderr bytes.Buffer
	code = cli.Run(t.Context(), cli.World{
		Args: []string{"aws-mesh", "inject", "-f", "-", "-n", o.Namespace,
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

func statusOf(t *testing.T, pod map[string]any) *awsmesh.Status {
	t.Helper()
	metadata, _ := pod["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	value, ok := annotations[awsmesh.AnnotationStatus].(string)
	if !ok {
		return nil
	}
	status, err := awsmesh.ParseStatus(value)
	if err != nil {
		t.Fatal(err)
	}
	return &status
}
