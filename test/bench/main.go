// Command bench compares what admission costs, side by side: aws-mesh, the webhooks of
// four other projects, and json.Valid, on the same reviews, from the bytes of the review
// to the bytes of the response. See README.md.
//
//	reviews × contenders × rounds → one process each → medians → table → ratios
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws-mesh/aws-mesh/test/bench/measure"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	rounds  int
	time    time.Duration
	handler string
}

func run(args []string, stdout io.Writer) error {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 7, "how often each handler has its turn; the median counts")
	flags.DurationVar(&o.time, "time", 300*time.Millisecond, "how long a turn lasts")
	flags.StringVar(&o.handler, "handler", "", "measure this handler alone on the review in the file that follows, in JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.handler != "" {
		return child(o, flags.Arg(0), stdout)
	}
	dir, err := os.MkdirTemp("", "aws-mesh-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	return compare(o, dir, stdout)
}

// child is one turn of a handler, in a process of its own: so no handler pays for the
// garbage of another, nor profits from another's large heap.
func child(o options, file string, stdout io.Writer) error {
	review, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	result, err := turn(o, review)
	if err != nil {
		return fmt.Errorf("%s: %w", o.handler, err)
	}
	return json.NewEncoder(stdout).Encode(result)
}

func turn(o options, review []byte) (measure.Result, error) {
	if o.handler == jsonValid {
		return measure.Valid(review, o.time)
	}
	newHandler, ok := handlers()[o.handler]
	if !ok {
		return measure.Result{}, fmt.Errorf("no such handler")
	}
	h, err := newHandler()
	if err != nil {
		return measure.Result{}, err
	}
	return measure.Handler(h, review, o.time)
}

// compare lets every contender have its turn on every review, round after round, and
// reports.
func compare(o options, dir string, stdout io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	azure, err := buildAzure(dir)
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, r := range []struct{ prefix, file string }{
		{"admission", "testdata/review-optin.json"},
		{"admission_700", "testdata/review-optin700.json"},
	} {
		again, err := reinvoked(r.file, dir)
		if err != nil {
			return err
		}
		contenders := line(self, azure, o.time, r.file, again)
		if err := takeTurns(contenders, o.rounds); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(stdout, table(filepath.Base(r.file), contenders)); err != nil {
			return err
		}
		lines.WriteString(measures(r.prefix, contenders))
	}
	_, err = io.WriteString(stdout, lines.String())
	return err
}

// buildAzure builds the peer that is a module of its own, into dir.
func buildAzure(dir string) (string, error) {
	binary := filepath.Join(dir, "azure")
	build := exec.Command("go", "build", "-C", "azure", "-o", binary, ".")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("building azure-workload-identity: %w", err)
	}
	return binary, nil
}
