// Package imports_test holds which package may import which, directly or not, and
// why.
package imports_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/aws-mesh/aws-mesh"

// A rule forbids what packages of one module import.
type rule struct {
	dir       string // of the module
	packages  string
	forbidden string // import path, with all below it
	because   string
}

var rules = []rule{
	{".", "./internal/mutate/...", module + "/internal/egress", "the two pipelines agree through the contract, not through each other"},
	{".", "./internal/egress/...", module + "/internal/mutate", "the two pipelines agree through the contract, not through each other"},
	{".", "./internal/mutate/...", "k8s.io/client-go/kubernetes", "all that an admission needs is in the review: no API call on the way"},
	{".", "./...", "istio.io", "typed Istio objects drop fields that are newer than the library, and zero enums"},
	{".", "./...", "k8s.io/kubernetes", "it is no library"},
	{".", "./...", "github.com/aws", "hosts come from our table; the SDKs are for applications"},
	{".", "./...", "testing", "the product does not ship its tests"},
	{"awsmesh", "./...", "k8s.io", "applications import this package"},
	{"awsmesh", "./...", "github.com/aws", "an application brings its own SDK"},
	{"awsmesh", ".", "net/http", "the contract does no I/O"},
	{"awsmesh", "./endpoints", "net/http", "the table does no I/O"},
	{"awsmesh/sdkv1", "./...", "github.com/aws/aws-sdk-go-v2", "an application has one SDK"},
	{"awsmesh/sdkv2", "./...", "github.com/aws/aws-sdk-go", "an application has one SDK"},
	{"awsmesh", "./...", "testing", "applications do not ship our tests"},
}

func TestImports(t *testing.T) {
	graphs := map[string]graph{}
	for _, r := range rules {
		t.Run(r.packages+" of "+r.dir+" without "+r.forbidden, func(t *testing.T) {
			key := r.dir + " " + r.packages
			if graphs[key] == nil {
				graphs[key] = load(t, r.dir, r.packages)
			}
			for dep, by := range graphs[key] {
				if dep == r.forbidden || strings.HasPrefix(dep, r.forbidden+"/") {
					t.Errorf("%s: imported, but %s\n\tby %s", dep, r.because, strings.Join(by, "\n\tby "))
				}
			}
		})
	}
}

// A graph holds who imports a package, for all packages that are linked.
type graph map[string][]string

func load(t *testing.T, dir, packages string) graph {
	t.Helper()
	g := graph{}
	for _, line := range list(t, dir, "list", "-deps", "-f", `{{.ImportPath}}: {{join .Imports " "}}`, packages) {
		from, imports, _ := strings.Cut(line, ": ")
		for to := range strings.FieldsSeq(imports) {
			g[to] = append(g[to], from)
		}
	}
	return g
}

// The contract is imported by applications of every kind, so it brings nothing along.
func TestContractHasOnlyTheStandardLibrary(t *testing.T) {
	for _, dep := range list(t, "awsmesh", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./...") {
		if dep != module+"/awsmesh" && !strings.HasPrefix(dep, module+"/awsmesh/") {
			t.Errorf("%s: imported by the contract, which has the standard library alone", dep)
		}
	}
	if got := list(t, "awsmesh", "list", "-m", "all"); !slices.Equal(got, []string{module + "/awsmesh"}) {
		t.Errorf("modules of the contract = %q, want itself alone", got)
	}
}

// What the product's go.mod requires, even for tests, is on every contributor's disk
// and in every scanner's report.
func TestProductRequiresNoHeavyModule(t *testing.T) {
	for _, line := range list(t, ".", "mod", "edit", "-print") {
		for _, heavy := range []string{"istio.io/", "k8s.io/kubernetes ", "go.etcd.io/"} {
			if strings.HasPrefix(strings.TrimSpace(line), heavy) {
				t.Errorf("go.mod requires %s: it belongs to a module below test", line)
			}
		}
	}
}

// list runs go in a module's folder and returns its lines; none is an error, since a
// rule about nothing holds always.
func list(t *testing.T, dir string, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	if cmd.Dir = dir; !filepath.IsAbs(dir) {
		cmd.Dir = filepath.Join("..", "..", dir)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if lines[0] == "" {
		t.Fatalf("go %s: nothing listed", strings.Join(args, " "))
	}
	return lines
}
