// Command latency measures what admission adds to the creation of a pod, through a real
// API server: without any webhook, with one that allows everything, with one that adds
// an annotation, and with ours. See README.md.
//
//	setups × loads × rounds → pods created → percentiles → table → ratios
//
// It needs the binaries of `make assets`, runs for about a minute and a half, and leaves
// nothing behind.
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

	"github.com/aws-mesh/aws-mesh/test/cluster"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "latency:", err)
		os.Exit(1)
	}
}

type options struct {
	rounds int
	pods   int
	limit  time.Duration
	serve  string
	certs  string
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	flags := flag.NewFlagSet("latency", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 8, "how often each setup has its turn")
	flags.IntVar(&o.pods, "pods", 48, "pods created in each turn and load")
	flags.DurationVar(&o.limit, "limit", 2*time.Minute, "no round begins after this time")
	flags.StringVar(&o.serve, "serve", "", "serve the webhooks that ours is compared with at this address, until interrupted")
	flags.StringVar(&o.certs, "certs", "", "with -serve: directory of tls.crt and tls.key")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.serve != "" {
		return serve(ctx, o.serve, o.certs)
	}
	return measure(ctx, o, stdout)
}

// measure starts everything, measures, and ends everything.
func measure(ctx context.Context, o options, stdout io.Writer) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	env, err := cluster.Start(ctx, cluster.Options{})
	if err != nil {
		cancel()
		return err
	}
	var running []*process
	defer func() {
		cancel()
		for _, p := range running {
			err = errors.Join(err, p.wait())
		}
		err = errors.Join(err, env.Stop())
	}()
	webhook := filepath.Join(env.Dir, "webhook")
	if err := build(ctx, webhook); err != nil {
		return err
	}
	ours, err := startOurs(ctx, env, webhook)
	if err != nil {
		return err
	}
	running = append(running, ours)
	other, err := startOther(ctx)
	if err != nil {
		return err
	}
	running = append(running, other)

	r, err := newRecorder(ctx, env, o)
	if err != nil {
		return err
	}
	if err := r.rounds(ctx, []*setup{
		{name: none},
		{name: noneAgain},
		other.setup(allowAll, "/allow"),
		other.setup(annotate, "/annotate"),
		ours.setup(ourOwn, "/mutate"),
	}); err != nil {
		return err
	}
	_, err = io.WriteString(stdout, r.table()+"\n"+r.measures())
	return err
}
