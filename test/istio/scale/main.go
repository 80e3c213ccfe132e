// Scale compares two designs for the objects that open AWS hosts to many namespaces, in
// what they cost Istio's control plane:
//
//	separate  each namespace has objects of its own: what the controller writes
//	shared    one set of objects, exported to the list of those namespaces
//
// For each number of namespaces and each design it starts a control plane of Kubernetes,
// fills it, starts istiod, and connects a simulated sidecar of each namespace:
//
//	cluster → objects → istiod → sidecars → changes → table
//
//	go run . [-namespaces 100,300,1000] [-services dynamodb,s3,sqs]
//
// A sidecar is simulated as far as istiod can see: it asks for what Envoy asks for, by
// the incremental protocol that Istio's agent uses, and acknowledges everything.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

type options struct {
	namespaces []int
	services   []string
	changes    int // of each kind that are measured
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.SetOutput(stderr)
	namespaces := flags.String("namespaces", "100,300,1000", "comma-separated `numbers` of namespaces, each with one sidecar")
	services := flags.String("services", "dynamodb,s3,sqs", "AWS services of each namespace")
	changes := flags.Int("changes", 6, "how often a host is opened to one namespace more, and changed for all; medians count")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o := options{services: strings.Split(*services, ","), changes: *changes}
	for text := range strings.SplitSeq(*namespaces, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("-namespaces: %q is not a number of namespaces, as in 100", text)
		}
		o.namespaces = append(o.namespaces, n)
	}
	var results []result
	for _, n := range o.namespaces {
		for _, name := range []string{separate, shared} {
			fmt.Fprintf(stderr, "%d namespaces, %s\n", n, name)
			r, err := measure(ctx, n, name, o)
			if err != nil {
				return fmt.Errorf("%d namespaces, %s: %w", n, name, err)
			}
			results = append(results, r)
		}
	}
	_, err := io.WriteString(stdout, report(results))
	return err
}
