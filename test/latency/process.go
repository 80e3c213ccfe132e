package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// startTimeout bounds the start of a webhook, in which it also fills its caches.
const startTimeout = 30 * time.Second

// A process is a webhook that serves at an address of its own until its context ends.
type process struct {
	cmd *exec.Cmd
	at  *envtest.WebhookInstallOptions
}

// start returns when the process serves TLS.
func start(ctx context.Context, at *envtest.WebhookInstallOptions, name string, args ...string) (*process, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is for us alone
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, at: at}
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(50 * time.Millisecond) {
		conn, err := dialer.DialContext(ctx, "tcp", address(at))
		if err == nil {
			return p, conn.Close()
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return nil, errors.Join(fmt.Errorf("%s does not serve: %w", name, err), cmd.Cancel(), p.wait())
		}
	}
}

// wait returns when the process has ended, as it does when its context is done.
func (p *process) wait() error {
	var exit *exec.ExitError
	err := p.cmd.Wait()
	if errors.Is(err, context.Canceled) || errors.As(err, &exit) && !exit.Exited() {
		err = nil
	}
	return errors.Join(err, p.at.Cleanup())
}

func address(at *envtest.WebhookInstallOptions) string {
	return net.JoinHostPort(at.LocalServingHost, fmt.Sprint(at.LocalServingPort))
}

// build builds the webhook of this checkout.
func build(ctx context.Context, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-C", "..", "-o", binary, "./cmd/webhook")
	cmd.Stderr = os.Stderr
	return cmd.Run()
}
