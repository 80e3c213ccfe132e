//go:build linux

package node

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// programs are the binaries of a node, and who makes them.
var programs = []struct{ name, target string }{
	{"etcd", "make assets"}, {"kube-apiserver", "make assets"}, {"kube-controller-manager", "make assets"}, {"kubectl", "make assets"},
	{"node/kubelet", "make node"}, {"node/kube-proxy", "make node"}, {"node/kube-scheduler", "make node"},
	{"node/containerd", "make node"}, {"node/containerd-shim-runc-v2", "make node"}, {"node/ctr", "make node"}, {"node/root/runc/usr/sbin/runc", "make node"},
	{"node/cni/ptp", "make node"}, {"node/cni/host-local", "make node"}, {"node/cni/loopback", "make node"}, {"node/pause", "make node"},
}

// tools are what a node uses of this machine.
var tools = []struct{ name, pkg string }{
	{"nsenter", "util-linux"}, {"ip", "iproute2"}, {"iptables", "iptables"}, {"mount", "mount"},
}

// Missing reports all that a node needs and this machine lacks, with the cure. bin is
// the folder of binaries.
func Missing(bin string) error {
	var lacks []string
	for _, p := range programs {
		if _, err := os.Stat(filepath.Join(bin, p.name)); err != nil {
			lacks = append(lacks, fmt.Sprintf("%s is not in %s: run %s", p.name, bin, p.target))
		}
	}
	for _, t := range tools {
		if _, err := exec.LookPath(t.name); err != nil {
			lacks = append(lacks, fmt.Sprintf("%s is not in the PATH: install the package %s", t.name, t.pkg))
		}
	}
	if known, err := os.ReadFile("/proc/filesystems"); err == nil && !strings.Contains(string(known), "\toverlay\n") {
		lacks = append(lacks, "this kernel does not know overlayfs: modprobe overlay")
	}
	if _, err := hierarchies(); err != nil {
		lacks = append(lacks, err.Error())
	}
	if os.Geteuid() != 0 {
		lacks = append(lacks, "this is not root: use sudo -E")
	} else if err := privileged(); err != nil {
		lacks = append(lacks, err.Error())
	}
	if len(lacks) == 0 {
		return nil
	}
	return errors.New("this machine cannot be a node of Kubernetes:\n\t" + strings.Join(lacks, "\n\t"))
}

// privileged reports why root may not make a node here.
func privileged() error {
	probe := exec.Command("iptables", "-t", "nat", "-A", "OUTPUT", "-p", "tcp", "-m", "addrtype", "--dst-type", "LOCAL", "-m", "conntrack", "--ctstate", "NEW", "-j", "REDIRECT", "--to-ports", "15001")
	probe.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID}
	out, err := probe.CombinedOutput()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return fmt.Errorf("iptables cannot redirect in a namespace of its own (kernel modules nft_compat, nf_nat, nf_conntrack?): %s", strings.TrimSpace(string(out)))
	}
	if err != nil {
		return fmt.Errorf("root may not make namespaces here (a container needs --privileged): %w", err)
	}
	return nil
}
