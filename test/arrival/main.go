//go:build linux

// Arrival measures, on the real mesh of package mesh, how long after the request that
// creates a pod the routes to AWS can be used in the sidecar of its namespace, and when
// the application in that pod could make its first call:
//
//	create → admitted → objects applied → route in Envoy
//	         container of the sidecar → route in its Envoy → container of the application
//
//	go run ./arrival [-namespaces 1,500] [-state FOLDER]
//
// An Envoy that has been in the namespace all along is asked, as applications ask it,
// every few milliseconds, and so is that of a pod that is started. An application that is
// there before its own Envoy has the routes is late. With -state it is the mesh of that folder, see "make mesh".
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
	"strconv"
	"strings"
	"syscall"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aws-mesh/aws-mesh/test/node"
	"github.com/aws-mesh/aws-mesh/test/node/mesh"
)

type options struct {
	namespaces    []int
	samples, pods int
	services      string
	state, bin    string
}

func main() {
	node.Main()
	log.SetLogger(logr.Discard()) // the client's; it has nothing to say
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "arrival:", err)
		os.Exit(1)
	}
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("arrival", flag.ContinueOnError)
	flags.SetOutput(stderr)
	namespaces := flags.String("namespaces", "1,500", "comma-separated, rising `numbers` of namespaces that have our objects meanwhile")
	flags.IntVar(&o.samples, "samples", 60, "pods, one after the other, whose routes are waited for")
	flags.IntVar(&o.pods, "pods", 30, "such pods that are also started")
	flags.StringVar(&o.services, "services", "dynamodb,s3,sqs", "AWS services of each pod")
	flags.StringVar(&o.state, "state", "", "state `folder` of a mesh that is up (default: one of its own)")
	flags.StringVar(&o.bin, "bin", "../bin", "`folder` of the binaries")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.bin, err = filepath.Abs(o.bin); err != nil {
		return o, err
	}
	for text := range strings.SplitSeq(*namespaces, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return o, fmt.Errorf("-namespaces: %q is not a number of namespaces, as in 500", text)
		}
		o.namespaces = append(o.namespaces, n)
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	env := mesh.Attach(node.Config{Bin: o.bin, Dir: o.state})
	if o.state == "" {
		dir, err := os.MkdirTemp("", "aws-mesh-arrival-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if env, err = mesh.Up(ctx, node.Config{Bin: o.bin, Dir: dir}); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, env.Down()) }()
	}
	w, err := newWorld(ctx, env, o)
	if err != nil {
		return err
	}
	if o.state != "" {
		defer func() { err = errors.Join(err, w.remove()) }()
	}
	for _, n := range o.namespaces {
		fmt.Fprintf(stderr, "%d namespaces with %d objects each\n", n, 3*len(w.hosts))
		if err := w.fill(ctx, n); err != nil {
			return err
		}
		samples, err := w.samples(ctx, o)
		fmt.Fprint(stdout, report(n, samples)) // as far as it got
		if err != nil {
			return err
		}
	}
	return nil
}
