package pod

import (
	"context"
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
)

// The addresses of Outside that stand for AWS, and what [Config].Lookup returns by
// default. A test may listen on any port of any address of Outside, except 53 of DNS and
// those of istiod (8001, 8080, 15010, 15014).
var (
	AWS4 = netip.MustParseAddr("198.51.100.10")
	AWS6 = netip.MustParseAddr("2001:db8:a::10")
)

// The credential endpoints, which also are addresses of Outside: the instance's
// metadata, ECS's and EKS's agents. Istio's rules leave them alone, as they do in a pod
// that asked aws-mesh for services.
var (
	IMDS4 = netip.MustParseAddr("169.254.169.254")
	IMDS6 = netip.MustParseAddr("fd00:ec2::254")
	ECS   = netip.MustParseAddr("169.254.170.2")
	EKS4  = netip.MustParseAddr("169.254.170.23")
	EKS6  = netip.MustParseAddr("fd00:ec2::23")
)

// service is the address of Outside for DNS and istiod.
const service = "192.0.2.53"

// A link is a veth between Outside, where it is named like the pod, and eth0 of a pod.
type link struct {
	pod                *Machine
	outside4, outside6 string
	inside4, inside6   string
}

func (w *World) links() []link {
	return []link{
		{w.Pod, "10.9.0.1", "2001:db8:1::1", podIP, "2001:db8:1::2"},
		{w.Bare, "10.9.1.1", "2001:db8:2::1", "10.9.1.2", "2001:db8:2::2"},
	}
}

// podIP is the address of Pod that istiod knows.
const podIP = "10.9.0.2"

func (w *World) network(ctx context.Context) error {
	outside := []string{"link set lo up", "addr add " + service + "/32 dev lo"}
	for _, a := range []netip.Addr{AWS4, AWS6, IMDS4, IMDS6, ECS, EKS4, EKS6} {
		outside = append(outside, fmt.Sprintf("addr add %s/%d dev lo", a, a.BitLen()))
	}
	for _, l := range w.links() {
		outside = append(outside,
			fmt.Sprintf("link add %s type veth peer name eth0 netns /proc/%d/ns/net", l.pod.Name, l.pod.pid),
			fmt.Sprintf("addr add %s/24 dev %s", l.outside4, l.pod.Name),
			fmt.Sprintf("addr add %s/64 dev %s nodad", l.outside6, l.pod.Name),
			"link set up dev "+l.pod.Name)
	}
	if err := ip(ctx, w.Outside, outside); err != nil {
		return err
	}
	for _, l := range w.links() {
		if err := ip(ctx, l.pod, []string{
			"link set lo up",
			fmt.Sprintf("addr add %s/24 dev eth0", l.inside4),
			fmt.Sprintf("addr add %s/64 dev eth0 nodad", l.inside6),
			"link set up dev eth0",
			"route add default via " + l.outside4,
			"route add default via inet6 " + l.outside6,
		}); err != nil {
			return err
		}
	}
	return nil
}

// ip runs the tool of that name in m, once a line.
func ip(ctx context.Context, m *Machine, lines []string) error {
	cmd := exec.CommandContext(ctx, "ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n"))
	return output(m, cmd)
}

// output runs cmd in m; its output is part of the error.
func output(m *Machine, cmd *exec.Cmd) error {
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := m.Run(cmd); err != nil {
		return fmt.Errorf("%s: %s: %w\n%s", m.Name, strings.Join(cmd.Args, " "), err, said.String())
	}
	return nil
}
