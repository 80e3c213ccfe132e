//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// claim makes dir the state folder of this process, as long as it lives or until release:
// who holds the lock of the file "pid" is whose id it has.
func claim(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(pidFile(dir), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("a mesh is up already, with its state in %s: end it with make mesh-down", dir)
	}
	if err := errors.Join(file.Truncate(0), write(file)); err != nil {
		return nil, err
	}
	return func() { _ = errors.Join(os.RemoveAll(dir), file.Close()) }, nil
}

func write(file *os.File) error {
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	return err
}

func pidFile(dir string) string { return filepath.Join(dir, "pid") }

// down ends the process whose state folder dir is, and waits for it.
func down(ctx context.Context, dir string) error {
	file, err := os.Open(pidFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // none is up
	}
	if err != nil {
		return err
	}
	defer file.Close()
	for asked := false; unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil; asked = true {
		if !asked {
			text, err := os.ReadFile(pidFile(dir))
			if err != nil {
				return err
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				return fmt.Errorf("%s: %w", pidFile(dir), err)
			}
			if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return os.RemoveAll(dir) // that of a mesh that was killed
}
