package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/test/node"
	"github.com/aws-mesh/aws-mesh/test/node/mesh"
)

// env is the mesh of all tests.
var env *mesh.Mesh

func TestMain(m *testing.M) {
	node.Main()
	if len(os.Args) == 3 && os.Args[1] == "hold" {
		fmt.Fprintln(os.Stderr, hold(os.Args[2]))
		os.Exit(1)
	}
	if len(os.Args) == 3 && os.Args[1] == "ztunnel" {
		fmt.Fprintln(os.Stderr, ztunnel(os.Args[2], "/identity"))
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ctx, cancel := inTime(ctx)
	code, err := run(ctx, m)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

// inTime ends a minute before the time of "go test -timeout": that would be a panic, and
// nothing would be removed, nor the table printed.
func inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	flag.Parse()
	if d, ok := flag.Lookup("test.timeout").Value.(flag.Getter).Get().(time.Duration); ok && d > 2*time.Minute {
		return context.WithTimeoutCause(ctx, d-time.Minute, errors.New("the time of -timeout is up"))
	}
	return context.WithCancel(ctx)
}

func run(ctx context.Context, m *testing.M) (code int, err error) {
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		return 1, err
	}
	if state := os.Getenv("AWS_MESH_STATE"); state != "" {
		env = mesh.Attach(node.Config{Bin: bin, Dir: state})
		if _, err := os.Stat(env.Kubeconfig()); err != nil {
			return 1, fmt.Errorf("AWS_MESH_STATE: no mesh is up: %w", err)
		}
		return tests(m), nil
	}
	dir, err := os.MkdirTemp("", "aws-mesh-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	start := time.Now()
	if env, err = mesh.Up(ctx, node.Config{Bin: bin, Dir: dir}); err != nil {
		return 1, err
	}
	fmt.Printf("e2e.mesh_up_seconds: %.1f\n", time.Since(start).Seconds())
	unwatch := context.AfterFunc(ctx, func() { // it fails whatever is under way
		fmt.Fprintln(os.Stderr, "e2e: the mesh is taken down:", context.Cause(ctx))
		_ = env.Down()
		time.Sleep(30 * time.Second) // in which tests say what fails
		cells.print(os.Stdout)
		_ = os.RemoveAll(dir)
		os.Exit(1)
	})
	defer unwatch()
	defer func() {
		if down := env.Down(); err == nil {
			err = down
		}
	}()
	return tests(m), nil
}

func tests(m *testing.M) int {
	code := m.Run()
	if code != 0 {
		keepNode()
	}
	cells.print(os.Stdout)
	return code
}
