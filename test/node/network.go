//go:build linux

package node

import (
	"context"
	"strings"
)

// Addresses in the node's own network: nobody else's can be in their way.
const (
	Address      = "10.243.0.2" // of the node
	apiServer    = Address + ":6443"
	podRange     = "10.244.0.0/24"
	serviceRange = "10.0.0.0/24"
	apiService   = "10.0.0.1" // the first of them is Kubernetes' own
)

// DNS is the address where pods ask for names: for a Service in kube-system.
const DNS = "10.0.0.10"

// Issuer is who issues service accounts' tokens: the API server, by its name in pods.
const Issuer = "https://kubernetes.default.svc.cluster.local"

// network makes the node's. An empty bridge is its way out: it leads nowhere, but
// without a route a connection to a Service fails before its address is rewritten.
func (n *Node) network(ctx context.Context) error {
	commands := []string{
		"link set lo up",
		"link add out0 type bridge",
		"addr add " + Address + "/24 dev out0",
		"link set out0 arp off up",
		"route add default dev out0 src " + Address,
	}
	for _, a := range n.Addresses {
		commands = append(commands, "addr add "+a+"/32 dev lo")
	}
	return n.run(ctx, strings.Join(commands, "\n"), "ip", "-batch", "-")
}
