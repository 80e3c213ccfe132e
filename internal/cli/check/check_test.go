package check

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/egress"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestFindings changes a cluster in which all is well, and looks at what is found. The
// sections of a case:
//
//	cluster.yaml  objects instead of, and besides, those of base.yaml
//	without       objects that are not there, such as "Pod shop/orders-1-a"
//	unread        what could not be read, such as "pods: forbidden", or "sidecars: absent"
//	want          one line for each finding and each thing that was not looked at
func TestFindings(t *testing.T) {
	base, err := os.ReadFile("testdata/base.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d cases, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { testCase(t, string(base), file) })
	}
}

func testCase(t *testing.T, base, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]string{}
	for _, f := range archive.Files {
		in[f.Name] = string(f.Data)
	}
	s := snapshotOf(t, base, in)
	report, err := Run(t.Context(), s, Scope{Namespace: "shop", IstioNamespace: "istio-system"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := describe(report)
	if *update {
		archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
		archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(got)})
		if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(in["want"], got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// snapshotOf is the base with a case's changes. The controller's objects are in it as the
// pods of the case need them.
func snapshotOf(t *testing.T, base string, in map[string]string) *Snapshot {
	t.Helper()
	byName := map[string]*unstructured.Unstructured{}
	put := func(u *unstructured.Unstructured) { byName[u.GetKind()+" "+u.GetNamespace()+"/"+u.GetName()] = u }
	for _, text := range []string{base, in["cluster.yaml"]} {
		for document := range strings.SplitSeq(text, "---\n") {
			u := &unstructured.Unstructured{}
			if err := yaml.UnmarshalStrict([]byte(document), &u.Object); err != nil {
				t.Fatalf("%v in\n%s", err, document)
			}
			if u.Object != nil {
				put(u)
			}
		}
	}
	var plans []awsmesh.Plan
	for _, u := range byName {
		if status, err := awsmesh.ParseStatus(u.GetAnnotations()[awsmesh.AnnotationStatus]); err == nil && u.GetKind() == "Pod" {
			more, err := status.Plans()
			if err != nil {
				t.Fatal(err)
			}
			plans = append(plans, more...)
		}
	}
	for _, u := range egress.Desired("shop", plans).Objects() {
		if byName[u.GetKind()+" shop/"+u.GetName()] == nil {
			u.Object["status"] = map[string]any{"conditions": []any{map[string]any{"type": "istio.io/VisibilityApplied", "reason": "Namespace"}}} // istiod's
			put(u)
		}
	}
	s := &Snapshot{}
	for line := range strings.Lines(in["without"]) {
		name := strings.TrimSuffix(line, "\n")
		if byName[name] == nil {
			t.Fatalf("without %q: it is not there anyway", name)
		}
		delete(byName, name)
	}
	for line := range strings.Lines(in["unread"]) {
		what, why, _ := strings.Cut(strings.TrimSpace(line), ": ")
		s.Unread = append(s.Unread, Unread{What: what, Why: why, absent: why == "absent"})
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		s.add(byName[name])
	}
	return s
}

func describe(r Report) string {
	var b strings.Builder
	for _, w := range r.Workloads {
		fmt.Fprintf(&b, "%s %s/%s: %d of %d pods in the mesh\n", w.Kind, w.Namespace, w.Name, w.InMesh, w.Pods)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s, %s: %s %v: %s\n\tcure: %s\n", f.Severity, f.Check, f.Where, f.Pods, f.Problem, f.Cure)
	}
	for _, u := range r.Unread {
		fmt.Fprintf(&b, "not looked at: %s: %s\n", u.What, u.Why)
	}
	return b.String()
}
