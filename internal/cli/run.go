package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
	"github.com/aws-mesh/aws-mesh/internal/cli/manifest"
)

// The exit codes. They are described in the help of the root command.
const (
	exitOK       = 0
	exitFailure  = 1 // a file or a cluster cannot be read, the result cannot be written
	exitFindings = 1 // of check; the result is written
	exitUsage    = 2 // the command line is wrong
	exitBadInput = 3 // a manifest, service or region is wrong
)

// A World is what a run of the command line sees of its process.
type World struct {
	Args           []string // with the name of the program in front
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Version        string // of a release; empty: what the Go toolchain recorded
}

// Run runs the command line and returns its exit code.
func Run(ctx context.Context, w World) int {
	name, args := invocation(w.Args)
	var out bytes.Buffer
	root := rootCommand(name, w.Version)
	root.SetArgs(args)
	root.SetIn(w.Stdin)
	root.SetOut(&out)
	root.SetErr(w.Stderr)
	command, err := root.ExecuteContextC(ctx)
	found := errors.Is(err, errFindings)
	if err == nil || found {
		_, err = w.Stdout.Write(out.Bytes())
		err = done(err)
	}
	switch {
	case err == nil && found:
		return exitFindings
	case err == nil:
		return exitOK
	}
	code := exitUsage // cobra's own errors are about the command line
	if o, ok := errors.AsType[*outcome](err); ok {
		code = o.code
	}
	switch code {
	case exitBadInput:
		fmt.Fprintln(w.Stderr, err)
	case exitUsage:
		fmt.Fprintf(w.Stderr, "error: %v\nSee '%s --help'.\n", err, command.CommandPath())
	default:
		fmt.Fprintln(w.Stderr, "error:", err)
	}
	return code
}

// The names of the program that kubectl looks for: its plugin, and what completes the
// plugin's arguments.
const (
	pluginName     = "kubectl-aws_mesh"
	completionName = "kubectl_complete-aws_mesh"
)

// invocation tells from the program's name how it was called, and its arguments.
func invocation(argv []string) (name string, args []string) {
	if len(argv) == 0 {
		return "aws-mesh", nil
	}
	switch strings.TrimSuffix(filepath.Base(argv[0]), ".exe") {
	case pluginName:
		return "kubectl aws-mesh", argv[1:]
	case completionName:
		return "kubectl aws-mesh", append([]string{"__complete"}, argv[1:]...)
	}
	return "aws-mesh", argv[1:]
}

// An outcome is an error of a command that did run.
type outcome struct {
	code int
	error
}

func (o *outcome) Unwrap() error { return o.error }

// usageError is a mistake of the command line that cobra does not find.
type usageError struct{ error }

// done gives err the exit code that it means.
func done(err error) error {
	var (
		bad     *manifest.Error
		usage   usageError
		service *endpoints.UnknownServiceError
		region  *endpoints.UnknownRegionError
		absent  *endpoints.NotInRegionError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &usage):
		return &outcome{exitUsage, err}
	case errors.As(err, &bad), errors.As(err, &service), errors.As(err, &region), errors.As(err, &absent):
		return &outcome{exitBadInput, err}
	}
	return &outcome{exitFailure, err}
}
