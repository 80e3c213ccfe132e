package stores

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// startPatience bounds how long a store may take to listen.
const startPatience = 2 * time.Minute

// A process is a store that runs, and the way to it.
type process struct {
	cmd       *exec.Cmd
	done      chan struct{} // closed when it has ended
	transport *http.Transport
}

func startProcess(ctx context.Context, log io.Writer, socket, binary string, args ...string) (*process, error) {
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr = log, log
	// A process group of its own: an interrupt at the terminal reaches us alone. But it is
	// not to outlive us.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p := &process{cmd: cmd, done: make(chan struct{}), transport: socketTransport(socket)}
	started := make(chan error)
	go func() {
		// Pdeathsig means the death of the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := cmd.Start()
		if started <- err; err == nil {
			_ = cmd.Wait() // how it ended is in its ProcessState
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	if err := p.await(ctx, socket); err != nil {
		return nil, errors.Join(fmt.Errorf("%s does not listen: %w", filepath.Base(binary), err), p.stop())
	}
	return p, nil
}

func socketTransport(socket string) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
		DisableCompression:  true,
		MaxIdleConnsPerHost: 64,
		// A store that closes an idle connection must not be met with a request.
		IdleConnTimeout: 3 * time.Second,
		WriteBufferSize: 128 << 10, ReadBufferSize: 128 << 10,
	}
}

// await waits until the store takes connections.
func (p *process) await(ctx context.Context, socket string) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		c, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		if err == nil {
			return c.Close()
		}
		select {
		case <-p.done:
			return fmt.Errorf("it ended: %s", p.cmd.ProcessState)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// stop asks the process to end, insists after 5 s, and waits for it.
func (p *process) stop() error {
	p.transport.CloseIdleConnections()
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.done:
		return nil
	case <-time.After(5 * time.Second):
	}
	err := p.cmd.Process.Kill()
	<-p.done
	return err
}
