package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/internal/cli"
)

// TestReadme runs the commands that the README shows, on the sample of the demo.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	sample, err := os.ReadFile("../../test/demo/samples/orders.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "orders.yaml"), sample, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	ran := 0
	for line := range strings.Lines(string(readme)) {
		command, _, _ := strings.Cut(line, "#")
		args := strings.Fields(command)
		if !strings.HasPrefix(line, "    aws-mesh ") || args[1] == "check" { // which needs a cluster, and gets one in test/cli
			continue
		}
		var stdout, stderr bytes.Buffer
		code := cli.Run(t.Context(), cli.World{Args: args, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr})
		if code != 0 || stdout.Len() == 0 {
			t.Errorf("%s: exit code %d, %d bytes of output, %s", command, code, stdout.Len(), &stderr)
		}
		ran++
	}
	if ran == 0 {
		t.Error("the README shows no command")
	}
}
