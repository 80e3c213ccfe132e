// Command webhook puts pods that ask for AWS services in mesh mode, and lets exactly
// their AWS hosts out of the mesh.
//
// Every replica answers admission reviews; one of them, the leader, runs the
// controller. Admission never depends on who leads.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
)

// version is set when a release is built: -ldflags '-X main.version=v1.2.3'.
var version = "devel"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := run(ctx, os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "webhook:", err)
		os.Exit(1)
	}
}

// run serves until ctx is done, and then for as long as a graceful shutdown takes.
func run(ctx context.Context, args []string, stderr io.Writer) error {
	o, err := parseOptions(args, stderr)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return nil
	case err != nil:
		return fmt.Errorf("%w (see --help)", err)
	case o.version:
		_, err := fmt.Fprintln(stderr, "aws-mesh webhook", version)
		return err
	}
	useLogger(o.logger(stderr))
	return serve(ctx, o)
}
