// Scale measures the egress controller against a real API server: how long after the
// creation of a pod its objects are there, and what the controller's process takes of
// memory with very many pods.
//
//	go run ./scale [-namespaces 1000] [-pods 10] [-services dynamodb,s3]
//
// The controller is a process of its own, this program again, with the real manager,
// cache and client.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/aws-mesh/aws-mesh/test/cluster"
)

type options struct {
	kubeconfig string // of the controller; empty: measure

	namespaces, pods, samples int
	services                  string
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.kubeconfig, "controller", "", "be the controller of the cluster of this kubeconfig")
	flags.IntVar(&o.namespaces, "namespaces", 1000, "namespaces with pods")
	flags.IntVar(&o.pods, "pods", 10, "pods in each namespace")
	flags.IntVar(&o.samples, "samples", 100, "further pods, one after the other, whose objects are waited for")
	flags.StringVar(&o.services, "services", "dynamodb,s3", "AWS services of each pod")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.kubeconfig != "" {
		return control(ctx, o.kubeconfig)
	}
	return measure(ctx, o, stdout, stderr)
}

func measure(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	c, err := cluster.Start(ctx, cluster.Options{CRDs: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the watch, which the API server would wait for
	l, err := newLoad(ctx, c, strings.Split(o.services, ","))
	if err != nil {
		return err
	}
	child, err := startController(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, child.stop()) }()

	fmt.Fprintf(stderr, "%d namespaces with %d pods for %s (%d objects each)\n", o.namespaces, o.pods, o.services, l.objects)
	began := time.Now()
	if err := l.fill(ctx, o.namespaces, o.pods, stderr); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "egress.fill_s: %.0f\n", time.Since(began).Seconds())
	latencies, err := l.latencies(ctx, o.samples)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "egress.apply_objects: %d\n", l.objects)
	fmt.Fprintf(stdout, "egress.apply_p50_ms: %.0f\n", latencies[len(latencies)/2].Seconds()*1000)
	fmt.Fprintf(stdout, "egress.apply_p99_ms: %.0f\n", latencies[len(latencies)*99/100].Seconds()*1000)
	return report(ctx, c, &child, o, stdout)
}

// report prints the memory of the process that did the work, and of one that starts
// with all of it there.
func report(ctx context.Context, c *cluster.Cluster, child **controller, o options, stdout io.Writer) error {
	suffix := fmt.Sprintf("%dk_pods", o.namespaces*o.pods/1000)
	worked, err := (*child).memory()
	if err != nil {
		return err
	}
	if err := (*child).stop(); err != nil {
		return err
	}
	if *child, err = startController(c); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(20 * time.Second): // it lists everything, and finds nothing to do
	}
	restarted, err := (*child).memory()
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "egress.rss_mib_%s: %d\n", suffix, worked.resident)
	fmt.Fprintf(stdout, "egress.rss_peak_mib_%s: %d\n", suffix, max(worked.peak, restarted.peak))
	fmt.Fprintf(stdout, "egress.rss_restarted_mib_%s: %d\n", suffix, restarted.resident)
	return nil
}
