package egress

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// docs/operation.md has every metric and Event reason of the controller, in the code's
// own words, and no other.
func TestDocumentedMetrics(t *testing.T) {
	r := &described{}
	if _, err := newMetrics(r); err != nil {
		t.Fatal(err)
	}
	documented(t, `aws_mesh_egress_\w+`, r.rows)
}

func TestDocumentedReasons(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "problems.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(s.Names[0].Name, "reason") {
			reason, err := strconv.Unquote(s.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			rows[reason] = fmt.Sprintf("| `%s` | %s |\n", reason, strings.TrimSpace(s.Comment.Text()))
		}
		return true
	})
	documented(t, `AWSMesh\w+`, rows)
}

// documented checks that the document has each row, by name, and what matches pattern in
// no other.
func documented(t *testing.T, pattern string, rows map[string]string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/operation.md")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 {
		t.Fatal("the code has none")
	}
	for _, row := range rows {
		if !strings.Contains(string(text), row) {
			t.Errorf("docs/operation.md lacks the line\n%s", row)
		}
	}
	found := regexp.MustCompile(pattern).FindAllString(string(text), -1)
	for _, name := range slices.Compact(slices.Sorted(slices.Values(found))) {
		if rows[name] == "" {
			t.Errorf("docs/operation.md has %s, the code has not", name)
		}
	}
}

// described is a registry that takes down what is registered.
type described struct {
	prometheus.Registerer
	rows map[string]string
}

var desc = regexp.MustCompile(`fqName: "([^"]*)", help: "([^"]*)".*variableLabels: {([^}]*)}`)

func (d *described) Register(c prometheus.Collector) error {
	descs := make(chan *prometheus.Desc, 1)
	c.Describe(descs)
	found := desc.FindStringSubmatch((<-descs).String())
	name, help, labels := found[1], found[2], found[3]
	if labels != "" {
		labels = "`" + labels + "`"
	}
	if d.rows == nil {
		d.rows = map[string]string{}
	}
	d.rows[name] = strings.ReplaceAll(fmt.Sprintf("| `%s` | %s | %s |\n", name, labels, help), "|  |", "| |")
	return nil
}
