package scenarios

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

// denied makes an application that may not ask the kernel about sockets, as under some
// seccomp profiles and in gVisor.
func denied(app func(context.Context, order) (outcome, error)) func(context.Context, order) (outcome, error) {
	deny := sync.OnceValue(denySockDiag)
	return func(ctx context.Context, o order) (outcome, error) {
		if err := deny(); err != nil {
			return outcome{}, fmt.Errorf("seccomp: %w", err)
		}
		return app(ctx, o)
	}
}

// denySockDiag lets socket(AF_NETLINK, …, NETLINK_SOCK_DIAG) fail with EPERM from now
// on, in all threads of this process.
func denySockDiag() error {
	const nr, domain, protocol = 0, 16, 32 // offsets in struct seccomp_data
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	equal := func(value uint32, otherwise uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: value, Jf: otherwise}
	}
	filter := []unix.SockFilter{
		load(nr), equal(unix.SYS_SOCKET, 5),
		load(domain), equal(unix.AF_NETLINK, 3),
		load(protocol), equal(unix.NETLINK_SOCK_DIAG, 1),
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return errno
	}
	if fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM, unix.NETLINK_SOCK_DIAG); err == nil {
		_ = unix.Close(fd)
		return fmt.Errorf("the filter has no effect")
	}
	return nil
}

// TestDenied demands that a kernel which may not be asked counts as no sidecar, and that
// the log says so once for each client.
func TestDenied(t *testing.T) {
	t.Parallel()
	s := stage.Start(t, stage.Config{Annotations: stage.Services("dynamodb")})
	p := stage.Begin(t, s.Pod, "denied", s.Env(t))
	for _, sdk := range both() {
		for i := range 3 {
			v := look(t, s, s.Pod, p, order{SDK: sdk, Keep: i > 0})
			v.wantError(t, "not-intercepted")
			v.wantNothingSent(t)
			if !strings.Contains(v.outcome.Reason, "operation not permitted") {
				t.Errorf("%v: the reason is not told: %v", v.order, v.outcome)
			}
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(p.Said(), "plaintext to a sidecar is not possible here"); n != len(both()) {
		t.Errorf("said %d times, want once for each of %d clients:\n%s", n, len(both()), p.Said())
	}
	p = stage.Begin(t, s.Pod, "denied", s.Env(t))
	for _, sdk := range both() {
		look(t, s, s.Pod, p, order{SDK: sdk, UseTLS: true}).wantAnswered(t)
	}
}
