package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

const over = "Yours to play with"

func TestDemoShowsWhatItPromises(t *testing.T) {
	out, err := interrupted(t, over)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		awsmesh.EnvInMesh + "               true",
		awsmesh.EnvInMesh + "               false",
		"dynamodb.eu-west-1.amazonaws.com             HTTP 443       TLS SIMPLE        0 retries",
		`unknown AWS service "dynamo" (did you mean "dynamodb"?)`,
		"never sent to it",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
}

func TestDemoCanBeInterrupted(t *testing.T) {
	for _, moment := range []string{"kube-apiserver", "orders asks"} {
		t.Run(moment, func(t *testing.T) {
			if out, err := interrupted(t, moment); err == nil || strings.Contains(out, over) {
				t.Errorf("run = %v, want an error and no more output:\n%s", err, out)
			}
		})
	}
}

// interrupted runs the demo until it shows a text, and checks that nothing is left.
func interrupted(t *testing.T, moment string) (string, error) {
	t.Helper()
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &interrupter{moment: moment, interrupt: cancel}
	err := run(ctx, []string{"--keep"}, out, out)
	nothingLeft(t, tmp)
	return out.String(), err
}

// An interrupter interrupts when a text is shown.
type interrupter struct {
	bytes.Buffer
	moment    string
	interrupt func()
}

func (i *interrupter) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(i.moment)) {
		i.interrupt()
	}
	return i.Buffer.Write(b)
}

// nothingLeft finds files below tmp and processes that were told of it, as all of them
// are.
func nothingLeft(t *testing.T, tmp string) {
	t.Helper()
	files, err := os.ReadDir(tmp)
	if err != nil || len(files) > 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
	out, err := exec.CommandContext(t.Context(), "ps", "-axo", "pid=,command=").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, tmp) {
			t.Errorf("still runs: %s", line)
		}
	}
}
