// Command sdk compares what calling AWS costs an application, side by side: through the
// mesh with aws-mesh, over TLS with the plain SDK, and in plaintext in the way of 2018.
// See README.md.
//
//	contenders × rounds → one process each → medians → table → ratios
//
// With -envoy the mesh is a real one, see package pod of test/sdk, and what its Envoy
// uses is measured too.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sdk:", err)
		os.Exit(1)
	}
}

type options struct {
	envoy  bool
	rounds int
	time   time.Duration
}

func run(args []string, stdout io.Writer) error {
	var o options
	flags := flag.NewFlagSet("sdk", flag.ContinueOnError)
	flags.BoolVar(&o.envoy, "envoy", false, "through the real Envoy, against TLS of the SDK's own: what the mesh costs in all")
	flags.IntVar(&o.rounds, "rounds", 9, "how often each contender has its turn; the median counts")
	flags.DurationVar(&o.time, "time", 300*time.Millisecond, "how long a turn lasts")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.rounds < 1 {
		return fmt.Errorf("-rounds %d: at least one is needed", o.rounds)
	}
	// What the program starts itself as.
	switch flags.Arg(0) {
	case "inside":
		return inside(o, stdout)
	case "serve":
		return serve(flags.Arg(1), stdout, os.Stdin)
	case "turn":
		return child(o, flags.Args()[1:], stdout)
	case "":
		if o.envoy {
			return throughEnvoy(o, stdout)
		}
		return enter(os.Args[1:])
	}
	return fmt.Errorf("%q is not understood: there are only flags, see -help", flags.Arg(0))
}

// inside has a network of its own. It sets that up, lets every contender have its turn,
// and reports.
func inside(o options, stdout io.Writer) error {
	if err := network(); err != nil {
		return err
	}
	server, err := startServer()
	if err != nil {
		return err
	}
	defer server.stop()

	contenders, checks := newContenders(), []*checker{{goroutines: 8, total: 100_000}, {goroutines: 1, total: 10_000}}
	for round := range o.rounds {
		if err := takeTurns(contenders, round, o, server.place()); err != nil {
			return err
		}
		for _, c := range checks {
			if err := c.turn(o.rounds); err != nil {
				return err
			}
		}
	}
	_, err = io.WriteString(stdout, report(contenders, checks))
	return err
}

// child is one turn of a contender, in a process of its own: so its CPU time is its own,
// and none pays for the garbage of another.
func child(o options, args []string, stdout io.Writer) error {
	if len(args) != 3 {
		return fmt.Errorf("turn of %q: want SDK WAY OPERATION", args)
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	c := contender{sdk: args[0], way: args[1], operation: args[2]}
	if !o.envoy {
		resolveAt(c.address())
	}
	op, err := c.start()
	if err != nil {
		return fmt.Errorf("%s: %w", c.name(), err)
	}
	result, err := measureTurn(op, o.time)
	if err != nil {
		return fmt.Errorf("%s: %w", c.name(), err)
	}
	return json.NewEncoder(stdout).Encode(result)
}
