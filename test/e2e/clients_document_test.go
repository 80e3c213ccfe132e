package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/other-languages.md")

const (
	document = "../../docs/other-languages.md"
	begins   = "<!-- The tables are what the tests run; go test -update rewrites them. -->\n"
	ends     = "\n<!-- End of the tables. -->\n"
)

// TestClientsDocument demands that the document says what TestClients sees.
func TestClientsDocument(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begins)
	said, after, closed := strings.Cut(rest, ends)
	if !found || !closed {
		t.Fatalf("%s: no lines %q and %q", document, begins, ends)
	}
	var want strings.Builder
	for _, table := range tables {
		want.WriteString(table.markdown())
	}
	if *update {
		if err := os.WriteFile(document, []byte(before+begins+want.String()+ends+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	cell(t, []string{"tables"}, func(t *testing.T) {
		if said != want.String() {
			t.Errorf("%s differs from what is tested: go test -run TestClientsDocument -update rewrites it", document)
		}
	})
}

func (table table) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n| |", table.Title)
	for _, c := range clients {
		fmt.Fprintf(&b, " %s |", c.Title)
	}
	fmt.Fprintf(&b, " |\n|---|%s---|\n", strings.Repeat("---|", len(clients)))
	for _, f := range table.Features {
		fmt.Fprintf(&b, "| %s |", strings.Replace(f.Case, "/", " ", 1))
		for _, c := range clients {
			w := string(f.Ways[c.Name])
			if w == "" {
				w = "–"
			}
			fmt.Fprintf(&b, " %s |", w)
		}
		fmt.Fprintf(&b, " %s |\n", f.Why)
	}
	return b.String()
}

// checkRules compares, for all services of a region, what the webhook gives a URL with
// what AWS's own rules make of it, as boto3 has them.
func (s space) checkRules(t *testing.T, p clientPod, region string) {
	t.Helper()
	answer, err := env.Pod(s.Name, s.pod(t, p.app), p.Containers[0].Port).Do(t.Context(), "GET", "call?case="+url.QueryEscape("rules/"+region), nil)
	var seen clientSight
	var rules struct{ Changed, HTTP2 []string }
	if err == nil {
		err = json.Unmarshal(answer, &seen)
	}
	if err == nil {
		err = json.Unmarshal([]byte(seen.Value), &rules)
	}
	if err != nil || len(rules.Changed) == 0 || len(rules.HTTP2) == 0 {
		t.Fatalf("%v: %s", err, seen.Error)
	}
	given := 0
	for _, service := range endpoints.Services() {
		vars, _ := awsmesh.Plan{Services: []string{service.Name}, Params: endpoints.Params{Region: region}}.EndpointURLs()
		if given += len(vars); len(vars) > 0 && slices.Contains(rules.Changed, service.ID) {
			t.Errorf("%s has a URL, with which its requests are signed otherwise", service.Name)
		}
		if len(vars) > 0 && slices.Contains(rules.HTTP2, service.ID) {
			t.Errorf("%s has a URL, and HTTP/2", service.Name)
		}
	}
	if given < 250 {
		t.Errorf("%d services have a URL, want most", given)
	}
}
