//go:build linux

package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// A part is a process of the node that is to run until Down.
type part struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// Command returns a command that runs in the node's namespaces. The programs of the
// node come first in its PATH.
func (n *Node) Command(ctx context.Context, args ...string) *exec.Cmd {
	all := append([]string{"--target", strconv.Itoa(n.pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--"}, args...)
	cmd := exec.CommandContext(ctx, "nsenter", all...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "PATH="+n.own("")+":"+n.own("root/runc/usr/sbin")+":"+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// own is the path of a program that test/node/build made.
func (n *Node) own(name string) string { return filepath.Join(n.Bin, "node", name) }

func (n *Node) log(name string) (*os.File, error) {
	return os.Create(n.logPath(name))
}

func (n *Node) logPath(name string) string { return filepath.Join(n.Dir, "log", name+".log") }

// run runs a command in the node, to its end.
func (n *Node) run(ctx context.Context, stdin string, args ...string) error {
	cmd := n.Command(ctx, args...)
	cmd.Stdin = bytes.NewBufferString(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", args[0], err, bytes.TrimSpace(out))
	}
	return nil
}

// start starts a part, whose output goes to a log of its name.
func (n *Node) start(path string, args ...string) error {
	p := &part{name: filepath.Base(path), done: make(chan struct{})}
	log, err := n.log(p.name)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = n.Command(context.Background(), append([]string{path}, args...)...)
	p.cmd.Env = append(p.cmd.Env, "GOGC=400") // short-lived: a fifth of the API server's time would be for its heap
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return err
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // how it ended is in its ProcessState
	}()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.parts = append(n.parts, p)
	return nil
}

// Broken reports the first part that has ended, with the end of its log; nil: all run.
func (n *Node) Broken() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.parts {
		select {
		case <-p.done:
			return fmt.Errorf("%s ended (%s); the end of its log:\n%s", p.name, p.cmd.ProcessState, n.tail(p.name))
		default:
		}
	}
	return nil
}

// tail returns the last lines of a log.
func (n *Node) tail(name string) []byte {
	log, err := os.ReadFile(n.logPath(name))
	if err != nil {
		return []byte(err.Error())
	}
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-10):], []byte("\n"))
}

// Until calls done until it returns nil. It gives up with done's last error after five
// minutes, with ctx, or when a part of the node has ended. A machine whose hypervisor has
// others to serve may need them.
func (n *Node) Until(ctx context.Context, what string, done func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 5*time.Minute, fmt.Errorf("waited five minutes for %s", what))
	defer cancel()
	for {
		err := done(ctx)
		if err == nil {
			return nil
		}
		if broken := n.Broken(); broken != nil {
			return broken
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
