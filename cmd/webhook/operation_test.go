package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"
)

// The table of flags in docs/operation.md is what --help says.
func TestDocumentedFlags(t *testing.T) {
	var rows strings.Builder
	(&options{}).flags().VisitAll(func(f *pflag.Flag) {
		name, usage := pflag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" && !strings.Contains(usage, "(default") {
			usage += " (default `" + f.DefValue + "`)"
		}
		fmt.Fprintf(&rows, "| `%s` | %s |\n", strings.TrimSpace("--"+f.Name+" "+name), usage)
	})
	if want := "| flag | |\n|---|---|\n" + rows.String() + "\n"; !strings.Contains(document(t), want) {
		t.Errorf("docs/operation.md has not this table:\n%s", want)
	}
}

func TestDocumentedAdmissionMetric(t *testing.T) {
	registry := prometheus.NewRegistry()
	observe, err := measureAdmission(registry)
	if err != nil {
		t.Fatal(err)
	}
	observe("patched", 0)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if want := fmt.Sprintf("| `%s` | `outcome` | %s |\n", f.GetName(), f.GetHelp()); !strings.Contains(document(t), want) {
			t.Errorf("docs/operation.md lacks the line\n%s", want)
		}
	}
}

func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/operation.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
