package cluster

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Main runs the tests of a package, a [testing.M], against one cluster, which it stores in env. It
// returns the exit code. Interrupted, it still stops the cluster.
func Main(m interface{ Run() int }, env **Cluster, o Options) (code int) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	c, err := Start(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	*env = c
	done := make(chan int, 1)
	go func() { done <- m.Run() }()
	select {
	case code = <-done:
	case <-ctx.Done():
		code = 1
	}
	if err := c.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
