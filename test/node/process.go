//go:build linux

package node

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Process returns the id, on this machine, of the process of that name in the pod with
// that uid. It also finds those of a node that another process has up.
func Process(uid, name string) (pid int, err error) {
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, process := range all { // those that end meanwhile have no files any more
		comm, _ := os.ReadFile(filepath.Join(process, "comm"))
		if strings.TrimSpace(string(comm)) != name {
			continue
		}
		if groups, _ := os.ReadFile(filepath.Join(process, "cgroup")); strings.Contains(string(groups), "pod"+uid) {
			_, err := fmt.Sscanf(process, "/proc/%d", &pid)
			return pid, err
		}
	}
	return 0, fmt.Errorf("the pod %s has no process %q", uid, name)
}

// Dial connects by TCP from the network of a process to an address, an IP with a port.
// What only its pod reaches, as an administration on loopback, is so reached without a
// process in the pod.
func Dial(ctx context.Context, pid int, address string) (conn net.Conn, err error) {
	dialled := make(chan struct{})
	go func() {
		defer close(dialled)
		runtime.LockOSThread() // for ever: the thread ends with the goroutine, and nothing else gets to that network
		conn, err = dialIn(ctx, fmt.Sprintf("/proc/%d/ns/net", pid), address)
	}()
	<-dialled
	return conn, err
}

func dialIn(ctx context.Context, network, address string) (net.Conn, error) {
	file, err := os.Open(network)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("enter %s: %w", network, err)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}
