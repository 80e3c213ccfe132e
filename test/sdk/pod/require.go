package pod

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Without is the variable by which a user who cannot be root says so: the tests that
// need a pod are then skipped. CI never sets it.
const Without = "AWS_MESH_NO_ROOT_TESTS"

// Require fails the test if this machine cannot make a [World], and says what is missing
// and how to get it.
func Require(t testing.TB) {
	t.Helper()
	if os.Getenv(Without) == "1" {
		t.Skipf("NOT TESTED: %s=1, so nothing is proven here of the mesh", Without)
	}
	if err := missing(&Config{}); err != nil {
		t.Fatalf("%v\n(%s=1 skips these tests)", err, Without)
	}
}

// Start is Up for a test, which fails if that does; the world goes with the test. The
// logs of istiod and the sidecar are shown if the test fails.
func Start(t testing.TB, c Config) *World {
	t.Helper()
	Require(t)
	if c.Log == nil {
		log := &lockedBuffer{}
		c.Log = log
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("istiod and the sidecar:\n%s", log)
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	w, err := Up(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Down)
	return w
}

// missing reports all that a world needs and this machine lacks, and completes c.
func missing(c *Config) error {
	if c.Bin == "" {
		bin, err := defaultBin()
		if err != nil {
			return err
		}
		c.Bin = bin
	}
	var lacks []string
	for _, name := range binaries() {
		if _, err := os.Stat(filepath.Join(c.Bin, name)); err != nil {
			lacks = append(lacks, fmt.Sprintf("%s is not in %s: run make istio", name, c.Bin))
		}
	}
	for _, tool := range []struct{ name, pkg string }{
		{"ip", "iproute2"}, {"iptables", "iptables"}, {"ip6tables", "iptables"}, {"sleep", "coreutils"},
	} {
		if _, err := exec.LookPath(tool.name); err != nil {
			lacks = append(lacks, fmt.Sprintf("%s is not in the PATH: install the package %s", tool.name, tool.pkg))
		}
	}
	if _, err := os.Stat("/proc/sys/net/ipv6"); err != nil {
		lacks = append(lacks, "this kernel has no IPv6: boot without ipv6.disable=1")
	}
	if os.Geteuid() != 0 {
		lacks = append(lacks, "this is not root: run the tests with sudo -E")
	} else if err := privileged(); err != nil {
		lacks = append(lacks, err.Error())
	}
	if len(lacks) == 0 {
		return nil
	}
	return errors.New("a mesh in network namespaces cannot run here:\n\t" + strings.Join(lacks, "\n\t"))
}

// privileged reports why root may not make namespaces with redirect rules here.
func privileged() error {
	probe := exec.Command("iptables", "-t", "nat", "-A", "OUTPUT", "-p", "tcp", "-m", "owner", "--uid-owner", "1337", "-j", "REDIRECT", "--to-ports", "15001")
	probe.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID}
	out, err := probe.CombinedOutput()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return fmt.Errorf("iptables cannot redirect in a namespace of its own (kernel modules nft_compat, xt_owner, xt_REDIRECT, nf_nat?): %s", strings.TrimSpace(string(out)))
	}
	if err != nil {
		return fmt.Errorf("root may not make namespaces here (a container needs --privileged): %w", err)
	}
	return nil
}
