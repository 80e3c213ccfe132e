package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Addresses of the loopback stand for AWS. AWS's names belong to each of them: a
// contender asks the name server of the address that it is to reach.
const (
	awsRSA     = "127.0.0.2" // AWS with an RSA certificate
	awsECDSA   = "127.0.0.3" // AWS with an ECDSA certificate
	inMesh     = "127.0.0.4" // AWS, but the sidecar takes the connections
	checkedYes = "127.0.0.5" // for the interception check: taken by a sidecar
	checkedNo  = "127.0.0.6" // and not

	proxyPort        = 15001 // of the sidecar
	checkedProxyPort = 15101 // of the interception check's
)

// enter runs this program once more in a network namespace of its own, where AWS's names
// and port 443 are free. It takes root, or a user who may make user namespaces.
func enter(args []string) error {
	if _, err := exec.LookPath("iptables"); err != nil {
		return errors.New("iptables is not in the PATH: install the package iptables; it redirects to the sidecar, as in a pod")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, append(args, "inside")...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("a network namespace cannot be made: %w; run it as root (in a container: --privileged), or allow user namespaces", err)
	}
	if err := cmd.Wait(); err != nil {
		return errors.New("see above")
	}
	return nil
}

// network brings the loopback up and has the kernel redirect as in a pod.
func network() error {
	if err := loopbackUp(); err != nil {
		return fmt.Errorf("bring up lo: %w", err)
	}
	for _, to := range []struct {
		address string
		port    int
	}{{inMesh, proxyPort}, {checkedYes, checkedProxyPort}} {
		rule := fmt.Sprintf("-t nat -A OUTPUT -p tcp -d %s --dport 443 -j REDIRECT --to-ports %d", to.address, to.port)
		if said, err := exec.Command("iptables", strings.Fields(rule)...).CombinedOutput(); err != nil {
			return fmt.Errorf("iptables %s: %w: %s(are the kernel modules nf_nat and xt_REDIRECT there?)", rule, err, said)
		}
	}
	return nil
}

func loopbackUp() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(socket) }()
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, lo)
}
