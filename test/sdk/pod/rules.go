package pod

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// RedirectOn puts Istio's redirect rules in force in Pod: those that its injector makes
// for a default sidecar of a pod that asked aws-mesh for services. Connections that the
// kernel knows go on as they did; see [World.ForgetConnections].
func (w *World) RedirectOn(ctx context.Context) error { return w.iptables(ctx) }

// RedirectOff takes the rules back.
func (w *World) RedirectOff(ctx context.Context) error { return w.iptables(ctx, "--cleanup-only") }

func (w *World) iptables(ctx context.Context, more ...string) error {
	endpoints := fmt.Sprintf("%s/32,%s/32,%s/32,%s/128,%s/128", IMDS4, ECS, EKS4, IMDS6, EKS6)
	// Left to itself it takes nft the first time, by which tables of the legacy kind come
	// to be, and legacy from then on.
	kind := "legacy"
	if _, err := exec.LookPath("iptables-nft-save"); err == nil {
		kind = "nft"
	}
	cmd := exec.CommandContext(ctx, Shared+"/pilot-agent", append([]string{"istio-iptables",
		"-p", "15001", "-z", "15006", "-u", fmt.Sprint(sidecarID), "-m", "REDIRECT",
		"-i", "*", "-x", endpoints, "-b", "*", "-d", "15090,15021,15020", "--force-iptables-binary=" + kind}, more...)...)
	cmd.Env = append(os.Environ(), "ISTIO_DUAL_STACK=true", "INVALID_DROP=false")
	return output(w.Pod, cmd)
}

// track has the kernel keep its table of connections while no redirect rule does: on a
// node it always does.
func (w *World) track(ctx context.Context) error {
	for _, tool := range []string{"iptables", "ip6tables"} {
		for _, m := range []*Machine{w.Pod, w.Bare} {
			cmd := exec.CommandContext(ctx, tool, "-A", "OUTPUT", "-m", "conntrack", "--ctstate", "NEW", "-j", "ACCEPT")
			if err := output(m, cmd); err != nil {
				return err
			}
		}
	}
	return nil
}

// ForgetConnections empties the kernel's table of connections of Pod, as two minutes
// without traffic would: an entry made before RedirectOn or RedirectOff has its
// connection go the old way, and new connections between the same addresses and ports.
func (w *World) ForgetConnections() error {
	return w.Pod.inNetwork(func() error {
		s, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
		if err != nil {
			return fmt.Errorf("forget connections: %w", err)
		}
		defer unix.Close(s)
		// nlmsghdr and nfgenmsg of IPCTNL_MSG_CT_DELETE, for all families, of everything.
		request := []byte{20, 0, 0, 0, 2, unix.NFNL_SUBSYS_CTNETLINK, unix.NLM_F_REQUEST | unix.NLM_F_ACK, 0, 1, 0, 0, 0, 0, 0, 0, 0, unix.AF_UNSPEC, 0, 0, 0}
		if err := unix.Sendto(s, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			return fmt.Errorf("forget connections: %w", err)
		}
		answer := make([]byte, 4096)
		n, _, err := unix.Recvfrom(s, answer, 0)
		if err != nil {
			return fmt.Errorf("forget connections: %w", err)
		}
		if n < 20 || answer[16]|answer[17]|answer[18]|answer[19] != 0 {
			return fmt.Errorf("forget connections: the kernel refuses (nf_conntrack_netlink missing?): % x", answer[:n])
		}
		return nil
	})
}
