//go:build linux

package node

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// firstName is the name by which a program learns that it is the first process of a
// node. Its arguments are the folders that it needs to see.
const firstName = "aws-mesh-node"

// The first process inherits a pipe, for its error, and the API server's port outside.
const (
	errorFD    = 3
	listenerFD = 4
)

// Main does not return if this process was started to be the first of a node. A program
// that calls [Up] calls it before all else.
func Main() {
	if filepath.Base(os.Args[0]) != firstName {
		return
	}
	report := os.NewFile(errorFD, "report")
	if err := first(os.Args[1:]); err != nil {
		_, _ = fmt.Fprint(report, err)
		os.Exit(1)
	}
	_ = report.Close()
	reap()
}

// first makes the node's own view of the machine.
func first(folders []string) error {
	for _, step := range []func() error{
		func() error { return mounts(folders) },
		sysctls,
		watches,
		func() error { return unix.Sethostname([]byte(Name)) },
		forward,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// mounts has what the node writes in memory, where it ends with the node. The folders
// stay to be seen.
func mounts(folders []string) error {
	handles := map[string]int{}
	for _, folder := range folders {
		fd, err := unix.Open(folder, unix.O_PATH|unix.O_DIRECTORY, 0)
		if err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
		handles[folder] = fd
	}
	for _, m := range []struct {
		kind, at string
		flags    uintptr
	}{
		{"", "/", unix.MS_REC | unix.MS_PRIVATE}, // nothing gets out
		{"", "/", unix.MS_REC | unix.MS_SHARED},  // what kubelet mounts, its pods see
		{"proc", "/proc", 0},
		{"tmpfs", "/run", 0},
		{"tmpfs", "/var/lib", 0},
		{"tmpfs", "/var/log", 0},
	} {
		if err := unix.Mount("node", m.at, m.kind, m.flags, ""); err != nil {
			return fmt.Errorf("mount %s on %s: %w", m.kind, m.at, err)
		}
	}
	for folder, fd := range handles {
		if _, err := os.Stat(folder); err == nil {
			continue
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(fmt.Sprintf("/proc/self/fd/%d", fd), folder, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("bind %s: %w", folder, err)
		}
	}
	return nil
}

// sysctls sets those of the node's network. Those that kubelet sets are the whole
// machine's: in their place it finds files.
func sysctls() error {
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644); err != nil {
		return err
	}
	for name, value := range map[string]string{
		"kernel/panic": "10", "kernel/panic_on_oops": "1", "vm/overcommit_memory": "1", "vm/panic_on_oom": "0",
	} {
		file := "/run/sysctl." + strings.ReplaceAll(name, "/", ".")
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		if err := unix.Mount(file, "/proc/sys/"+name, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("bind over sysctl %s: %w", name, err)
		}
	}
	return nil
}

// watches has room for sidecars: each has two instances of inotify, of which Linux allows
// the sidecars' user 128 on the whole machine. One that gets none crashes, and is tried
// again only after a while. The limit stays raised.
func watches() error {
	const file, enough = "/proc/sys/fs/inotify/max_user_instances", 1024
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err != nil || n >= enough {
		return err
	}
	return os.WriteFile(file, []byte(strconv.Itoa(enough)), 0o644)
}

// forward carries connections from the port outside to the API server. A socket belongs
// to the network that it was made in, whoever accepts from it.
func forward() error {
	l, err := net.FileListener(os.NewFile(listenerFD, "listener"))
	if err != nil {
		return fmt.Errorf("the API server's port outside: %w", err)
	}
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go carry(from)
		}
	}()
	return nil
}

func carry(from net.Conn) {
	defer from.Close()
	to, err := net.Dial("tcp", apiServer)
	if err != nil {
		return
	}
	defer to.Close()
	go func() {
		_, _ = io.Copy(to, from)
		_ = to.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(from, to)
}

// reap waits for processes whose parents have ended, as containerd's shims do, for ever.
func reap() {
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	for range children {
		for {
			pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
			if pid <= 0 && !errors.Is(err, unix.EINTR) {
				break
			}
		}
	}
}
