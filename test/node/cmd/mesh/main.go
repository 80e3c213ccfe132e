//go:build linux

// Command mesh brings up a Kubernetes cluster of one node with Istio, aws-mesh and a
// stand-in for AWS on this machine, and ends it.
//
//	mesh --state bin/mesh.d          brings it up, with sample applications, and stays until Ctrl-C
//	mesh --state bin/mesh.d --down   ends the one that another mesh brought up
//
// It needs root on Linux, and says what else is missing. Nothing outlives it, not even if
// it is killed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/aws-mesh/aws-mesh/test/node"
	"github.com/aws-mesh/aws-mesh/test/node/mesh"
)

func main() {
	node.Main()
	signal.Ignore(syscall.SIGPIPE) // a reader who has seen enough must not leave things running
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "mesh:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	flags := flag.NewFlagSet("mesh", flag.ContinueOnError)
	flags.SetOutput(stderr)
	bin := flags.String("bin", filepath.Dir(self), "`folder` of the binaries")
	state := flags.String("state", filepath.Join(filepath.Dir(self), "mesh.d"), "`folder` for the kubeconfig and the logs")
	end := flags.Bool("down", false, "end the mesh of the state folder")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c := node.Config{Step: steps(stdout)}
	if c.Bin, err = filepath.Abs(*bin); err != nil {
		return err
	}
	if c.Dir, err = filepath.Abs(*state); err != nil {
		return err
	}
	if *end {
		return down(ctx, c.Dir)
	}
	return up(ctx, c, stdout)
}

// up brings up a mesh, with the samples, and ends it when it is told to.
func up(ctx context.Context, c node.Config, stdout io.Writer) (err error) {
	release, err := claim(c.Dir)
	if err != nil {
		return err
	}
	defer release()
	start := time.Now()
	m, err := mesh.Up(ctx, c)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer func() { err = errors.Join(err, m.Down()) }()
	if err := c.Step("sample applications", func() error { return m.Samples(ctx) }); err != nil {
		return interrupted(ctx, err)
	}
	fmt.Fprintf(stdout, guide, time.Since(start).Seconds(), m.Kubeconfig(), m.Dir, os.Getpid())
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
			if err := m.Broken(); err != nil {
				return err
			}
		}
	}
}

func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted; nothing is left running")
	}
	return err
}

const guide = `
The mesh is up, after %.0f s. In namespace shop, "orders" asks for dynamodb and s3 in the
mesh, "reports" asks out of the mesh, and "stock" does not ask:

   export KUBECONFIG=%s
   bin/kubectl -n shop get pods,serviceentries,destinationrules
   bin/kubectl -n shop port-forward deploy/orders 8080 &
   curl 'localhost:8080/call?sdk=v2&service=dynamodb'
   bin/kubectl -n shop logs deploy/orders -c istio-proxy                  # plaintext in, TLS out
   bin/kubectl get --raw /api/v1/namespaces/aws-stand-in/pods/aws:8080/proxy/records   # what AWS saw

Logs of the node's parts are in %s/log. Ctrl-C, "make mesh-down" or "kill %d" ends it all.
`

// steps says what is being done, and how long it took.
func steps(w io.Writer) func(string, func() error) error {
	return func(what string, do func() error) error {
		fmt.Fprintf(w, "   %-76s", what)
		start := time.Now()
		err := do()
		fmt.Fprintf(w, " %5.1f s\n", time.Since(start).Seconds())
		return err
	}
}
