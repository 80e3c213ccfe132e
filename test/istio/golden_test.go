package istio

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "rewrite the sections istio.yaml")

const cases = "../../internal/mutate/testdata"

// An injection is the section injector.yaml of a case.
type injection struct {
	Order string   `json:"order"` // "after" (default) or "before" the first call of aws-mesh
	Set   []string `json:"set"`   // settings of the mesh, as istioctl takes them
}

// TestInjected demands that istio.yaml of each case is what Istio's injector makes of
// mutated.yaml, or of pod.yaml if it comes first.
func TestInjected(t *testing.T) {
	files, err := filepath.Glob(cases + "/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		settings, ok := section(archive, "injector.yaml")
		if !ok {
			continue
		}
		ran++
		t.Run(filepath.Base(file), func(t *testing.T) { check(t, file, archive, settings) })
	}
	if ran < 10 {
		t.Errorf("%d cases with injector.yaml, want at least 10", ran)
	}
}

func check(t *testing.T, file string, archive *txtar.Archive, settings string) {
	t.Helper()
	var in injection
	if err := yaml.UnmarshalStrict([]byte(settings), &in); err != nil {
		t.Fatal(err)
	}
	from := "mutated.yaml"
	if in.Order == "before" {
		from = "pod.yaml"
	}
	text, _ := section(archive, from)
	pod, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	injected := compact(t, injectInto(t, newInjector(t, in.Set), pod, "shop"))
	want, _ := section(archive, "istio.yaml")
	if *update {
		set(archive, injected)
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(want, injected); diff != "" {
		t.Errorf("%s, istio.yaml: -want +got; go test -update rewrites it\n%s", file, diff)
	}
}

// compact writes pod as YAML with a line for each container, volume and the like: what
// Istio puts in is long.
func compact(t *testing.T, pod []byte) string {
	t.Helper()
	var p struct {
		Metadata map[string]any `json:"metadata"`
		Spec     map[string]any `json:"spec"`
	}
	if err := json.Unmarshal(pod, &p); err != nil {
		t.Fatal(err)
	}
	line := func(v any) string {
		out, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	metadata, err := yaml.Marshal(map[string]any{"metadata": p.Metadata})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.Write(metadata)
	b.WriteString("spec:\n")
	for _, field := range slices.Sorted(maps.Keys(p.Spec)) {
		list, ok := p.Spec[field].([]any)
		if !ok {
			fmt.Fprintf(&b, "  %s: %s\n", field, line(p.Spec[field]))
			continue
		}
		fmt.Fprintf(&b, "  %s:\n", field)
		for _, item := range list {
			fmt.Fprintf(&b, "  - %s\n", line(item))
		}
	}
	return b.String()
}

func section(a *txtar.Archive, name string) (string, bool) {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data), true
		}
	}
	return "", false
}

// set puts istio.yaml in its place, in front of what the second call makes of it.
func set(a *txtar.Archive, text string) {
	a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "istio.yaml" })
	at := slices.IndexFunc(a.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "second") })
	if at < 0 {
		at = len(a.Files)
	}
	a.Files = slices.Insert(a.Files, at, txtar.File{Name: "istio.yaml", Data: []byte(text)})
}
