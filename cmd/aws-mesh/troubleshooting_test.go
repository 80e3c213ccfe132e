package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What docs/troubleshooting.md quotes, part by part where it leaves something out, is
// what the programs say. A quote is code of more than one word; two are Kubernetes'.
func TestTroubleshootingQuotes(t *testing.T) {
	text, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	said := strings.ReplaceAll(sources(t, "../../awsmesh", "../../internal"), `\"`, `"`)
	others := regexp.MustCompile("^(denied the request|failed calling webhook .*|kubectl .*|aws-mesh check)$")
	_, table, _ := strings.Cut(string(text), "|---|")
	quotes := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(table, -1)
	if len(quotes) == 0 {
		t.Fatal("docs/troubleshooting.md quotes nothing")
	}
	for _, quote := range quotes {
		for part := range strings.SplitSeq(quote[1], "…") {
			part = strings.TrimSpace(part)
			if strings.Contains(part, " ") && !others.MatchString(part) && !strings.Contains(said, strings.ToLower(part)) {
				t.Errorf("docs/troubleshooting.md quotes %q, which nothing says", part)
			}
		}
	}
}

// sources returns all Go files below dirs that are no tests, in small letters.
func sources(t *testing.T, dirs ...string) string {
	t.Helper()
	var all strings.Builder
	for _, dir := range dirs {
		if err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			all.Write(text)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	return strings.ToLower(all.String())
}
