package cluster

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// A Child is a process that we started and end.
type Child struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

func (c *Cluster) startControllerManager(log io.Writer) (*Child, error) {
	pki := c.env.ControlPlane.GetAPIServer().CertDir
	cmd := exec.Command(c.assets.path("kube-controller-manager"),
		"--kubeconfig="+c.kubeconfig(),
		"--leader-elect=false",
		"--secure-port=0",
		// With the default limits the first ServiceAccount takes 5.6 s instead of 0.45.
		"--kube-api-qps=500", "--kube-api-burst=1000",
		// The default folder is one that only root may create.
		"--flex-volume-plugin-dir="+filepath.Join(c.Dir, "flex"),
		"--service-account-private-key-file="+filepath.Join(pki, "sa-signer.key"),
	)
	cmd.Stdout, cmd.Stderr = log, log
	return StartChild(cmd)
}

// StartChild starts cmd in a process group of its own, so that an interrupt at the
// terminal reaches us alone and we end things in their order.
func StartChild(cmd *exec.Cmd) (*Child, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &Child{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		_ = cmd.Wait() // how it ended is in its ProcessState
	}()
	return c, nil
}

// Ended is closed when the process has ended.
func (c *Child) Ended() <-chan struct{} { return c.done }

// String says which process it is and, once it has ended, how it did.
func (c *Child) String() string {
	name := filepath.Base(c.cmd.Path)
	select {
	case <-c.done:
		return fmt.Sprintf("%s (%s)", name, c.cmd.ProcessState)
	default:
		return fmt.Sprintf("%s (process %d)", name, c.cmd.Process.Pid)
	}
}

// Stop asks the process to end, insists after 10 s, and waits for it. That it had
// ended before is an error.
func (c *Child) Stop() error {
	select {
	case <-c.done:
		return fmt.Errorf("%s ended by itself", c)
	default:
	}
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-c.done:
		return nil
	case <-time.After(10 * time.Second):
	}
	err := c.cmd.Process.Kill()
	<-c.done
	return errors.Join(fmt.Errorf("%s did not end within 10 s", c), err)
}

// A lockedWriter is written to by several processes.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer // nil discards
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	if l.w == nil {
		return len(b), nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}
