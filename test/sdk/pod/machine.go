package pod

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Machine is a network and a mount namespace, and a PID namespace that all machines
// of a world share.
type Machine struct {
	Name string
	pid  int // of the process that holds the namespaces
	fds  map[int]int
}

// Shared is the folder of a machine that holds what the machine alone sees: a tmpfs.
// Self is the test binary in it, which every user may run.
const (
	Shared = "/dev/shm"
	Self   = Shared + "/self"
)

// namespaces are those of a machine, in the order of joining.
var namespaces = []struct {
	kind int
	name string
}{{unix.CLONE_NEWPID, "pid"}, {unix.CLONE_NEWNET, "net"}, {unix.CLONE_NEWNS, "mnt"}}

// hold returns the command of a process that does nothing, in new namespaces.
func hold(flags uintptr) *exec.Cmd {
	cmd := exec.Command("sleep", "infinity")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	return cmd
}

// open returns the machine whose namespaces the process pid holds.
func open(name string, pid int) (*Machine, error) {
	m := &Machine{Name: name, pid: pid, fds: map[int]int{}}
	for _, ns := range namespaces {
		fd, err := unix.Open(fmt.Sprintf("/proc/%d/ns/%s", pid, ns.name), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			m.close()
			return nil, fmt.Errorf("%s namespace of %s: %w", ns.name, name, err)
		}
		m.fds[ns.kind] = fd
	}
	return m, nil
}

func (m *Machine) close() {
	for _, fd := range m.fds {
		_ = unix.Close(fd)
	}
}

// path returns where this process finds the file that the machine knows as name.
func (m *Machine) path(name string) string { return fmt.Sprintf("/proc/%d/root%s", m.pid, name) }

// enter calls f on a thread of its own in the machine's namespaces. What f starts is
// there too, f's goroutines are not. The thread ends with f.
func (m *Machine) enter(f func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the runtime ends the thread
		result <- func() error {
			if err := unix.Unshare(unix.CLONE_FS); err != nil {
				return fmt.Errorf("unshare: %w", err)
			}
			for _, ns := range namespaces {
				if err := unix.Setns(m.fds[ns.kind], ns.kind); err != nil {
					return fmt.Errorf("join the %s namespace of %s: %w", ns.name, m.Name, err)
				}
			}
			return f()
		}()
	}()
	return <-result
}

// Start starts cmd in the machine. Its executable is looked up outside, and seen by the
// machine at the same path.
func (m *Machine) Start(cmd *exec.Cmd) error {
	if cmd.Dir == "" {
		cmd.Dir = "/"
	}
	return m.enter(cmd.Start)
}

// Run is Start and Wait.
func (m *Machine) Run(cmd *exec.Cmd) error {
	if err := m.Start(cmd); err != nil {
		return err
	}
	return cmd.Wait()
}

// As has cmd run as the user and group id: 1000 is an application, 1337 the sidecar,
// which Istio's rules let out.
func As(id uint32, cmd *exec.Cmd) *exec.Cmd {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: id, Gid: id}
	return cmd
}

// TestBinary returns a command that runs this test binary once more, as the user and
// group 1000, in the environment env alone. TestMain sees args in os.Args.
func TestBinary(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := As(1000, exec.CommandContext(ctx, Self, args...))
	// A binary with the race detector would sleep for a second before it ends.
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/", "GORACE=atexit_sleep_ms=0"}, env...)
	return cmd
}

// inNetwork calls f on a thread that is in the machine's network: sockets that f makes
// itself, not in goroutines of its own, are the machine's. They serve anywhere.
func (m *Machine) inNetwork(f func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the runtime ends the thread
		if err := unix.Setns(m.fds[unix.CLONE_NEWNET], unix.CLONE_NEWNET); err != nil {
			result <- fmt.Errorf("join the network of %s: %w", m.Name, err)
			return
		}
		result <- f()
	}()
	return <-result
}

// Listen listens in the machine's network, on ":443" and the like: every address of the
// machine, IPv4 and IPv6. The caller closes the listener.
func (m *Machine) Listen(network, address string) (l net.Listener, err error) {
	err = m.inNetwork(func() error {
		l, err = net.Listen(network, address)
		return err
	})
	return l, err
}

// ListenPacket is Listen for UDP.
func (m *Machine) ListenPacket(network, address string) (c net.PacketConn, err error) {
	err = m.inNetwork(func() error {
		c, err = net.ListenPacket(network, address)
		return err
	})
	return c, err
}

// DialContext connects from the machine's network, as root, to an IP address and port.
func (m *Machine) DialContext(ctx context.Context, network, address string) (c net.Conn, err error) {
	err = m.inNetwork(func() error {
		c, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return c, err
}
