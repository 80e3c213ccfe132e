// Command demo shows aws-mesh at work on a real control plane of its own.
//
//	control plane → Istio's CRDs → our manifests → webhook → samples → what came of them
//
// There is no node, so pods stay Pending, and no Istio: the sample that is in the mesh
// brings the sidecar that Istio's injector would have added. All the rest is real: the
// webhook is its own process and has the rights of its ServiceAccount.
//
// It ends what it started, also when it is interrupted.
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

	"github.com/aws-mesh/aws-mesh/test/cluster"
)

func main() {
	signal.Ignore(syscall.SIGPIPE) // a reader who has seen enough, as head, must not leave things running
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	keep := flags.Bool("keep", false, "leave everything up, to play with, until interrupted")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	dir, err := os.MkdirTemp("", "aws-mesh-demo-")
	if err != nil {
		return err
	}
	d := &demo{screen: newScreen(stdout), dir: dir}
	defer func() {
		err = errors.Join(err, d.stop(), os.RemoveAll(dir))
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			err = errors.New("interrupted; nothing is left running")
		}
	}()
	if err := d.play(ctx); err != nil {
		return err
	}
	if *keep {
		d.wait(ctx)
	}
	return nil
}

// A demo is what runs.
type demo struct {
	*screen
	dir     string
	cluster *cluster.Cluster
	webhook *cluster.Child
	address string // where the webhook serves, as host:port
}

func (d *demo) play(ctx context.Context) error {
	d.title("A control plane of our own")
	for _, act := range []func(context.Context) error{
		d.startCluster, d.install, d.startWebhook,
		d.inMesh, d.notInMesh, d.notAsked, d.typo, d.cost,
	} {
		if err := act(ctx); err != nil {
			return errors.Join(ctx.Err(), err)
		}
	}
	return nil
}

// wait leaves the person alone with the cluster.
func (d *demo) wait(ctx context.Context) {
	d.title("Yours to play with, until Ctrl-C or kill %d", os.Getpid())
	d.lines(
		"export KUBECONFIG="+filepath.Join(d.dir, "kubeconfig"),
		"bin/kubectl -n "+namespace+" get pods,serviceentries",
		"",
		"webhook's log: "+d.log("webhook"),
	)
	select {
	case <-ctx.Done():
	case <-d.webhook.Ended():
	}
}

func (d *demo) stop() error {
	var errs []error
	if d.webhook != nil {
		errs = append(errs, d.webhook.Stop())
	}
	if d.cluster != nil {
		errs = append(errs, d.cluster.Stop())
	}
	return errors.Join(errs...)
}

// log is the file that takes what a process has to say.
func (d *demo) log(process string) string { return filepath.Join(d.dir, process+".log") }
