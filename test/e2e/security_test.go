package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
)

// kinds are the names of what an application is told.
var kinds = map[error]string{
	inmesh.ErrUpstream: "inmesh.ErrUpstream", inmesh.ErrOtherHost: "inmesh.ErrOtherHost",
	inmesh.ErrPlaintextSent: "inmesh.ErrPlaintextSent", inmesh.ErrBlocked: "inmesh.ErrBlocked", inmesh.ErrNoRoute: "inmesh.ErrNoRoute",
}

// String is what docs/security.md says.
func (t told) String() string {
	what := "`" + strings.TrimSpace(t.text) + "`"
	switch {
	case t == answered:
		return "AWS answers"
	case t.kind != nil:
		what = "`" + kinds[t.kind] + "`"
	}
	if t.saw == nothing {
		return what
	}
	return what + "; outside: " + t.saw
}

// TestSecurityDocument demands that docs/security.md has the tables of the attacks.
func TestSecurityDocument(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range [][2]string{
		{"plaintext", "annotated"}, {"plaintext", "endpoint-urls"}, {"passthrough", "annotated"},
		{"plaintext", "not-annotated-dns"}, {"buckets", "narrow"}, {"none", "stranger"},
	} {
		cell(t, of[:], func(t *testing.T) {
			rows := []string{"| attack | ALLOW_ANY | REGISTRY_ONLY |", "|---|---|---|"}
			for _, a := range attacks[of[0]][of[1]] {
				if row := "| " + a.what + " | " + a.allowAny.String() + " | " + a.registryOnly.String() + " |"; !slices.Contains(rows, row) {
					rows = append(rows, row)
				}
			}
			if table := strings.Join(rows, "\n") + "\n"; !strings.Contains(string(document), table) {
				t.Errorf("docs/security.md lacks this table:\n%s", table)
			}
		})
	}
}
