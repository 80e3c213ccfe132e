package pod

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// machines starts the processes that hold the namespaces. The first is process 1 of a
// PID namespace: with it ends every other.
func (w *World) machines(context.Context) error {
	first := hold(syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWNS)
	if err := w.anchor(first); err != nil {
		return err
	}
	for _, at := range []struct {
		to   **Machine
		name string
	}{{&w.Outside, "outside"}, {&w.Pod, "pod"}, {&w.Bare, "bare"}} {
		holder := first
		if w.Outside != nil {
			holder = hold(syscall.CLONE_NEWNET | syscall.CLONE_NEWNS)
			if err := w.Outside.Start(holder); err != nil {
				return err
			}
			w.waiting.Go(func() { _ = holder.Wait() })
		}
		m, err := open(at.name, holder.Process.Pid)
		if err != nil {
			return err
		}
		*at.to = m
		w.down = append(w.down, m.close)
	}
	return nil
}

// anchor starts cmd such that it ends with this process, whatever ends that. The kernel
// ends it with the thread that started it, so that thread is kept until Down.
func (w *World) anchor(cmd *exec.Cmd) error {
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	started, down, gone := make(chan error), make(chan struct{}), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(gone)
		if started <- cmd.Start(); cmd.Process == nil {
			return
		}
		<-down
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("new namespaces: %w", err)
	}
	w.down = append(w.down, func() {
		close(down)
		w.waiting.Wait()
		select {
		case <-gone: // with all others: the kernel has process 1 wait for them
		case <-time.After(10 * time.Second): // somebody has not waited for his command
		}
	})
	return nil
}

// background starts cmd in m, until Down.
func (w *World) background(m *Machine, cmd *exec.Cmd) error {
	cmd.Stdout, cmd.Stderr = w.config.Log, w.config.Log
	if err := m.Start(cmd); err != nil {
		return err
	}
	w.waiting.Go(func() { _ = cmd.Wait() })
	return nil
}

// until calls f until it returns nil, and returns its last error if ctx is done first.
func until(ctx context.Context, f func() error) error {
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
