package egress

import (
	"cmp"
	"slices"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// An Egress is what the pods of one namespace need open.
type Egress struct {
	Namespace string
	Hosts     []Host  // sorted by name, each once
	Gateway   Gateway // through which plaintext hosts leave the mesh, if any

	RootNamespace string // Istio's. Default: [DefaultRootNamespace]
}

// A Host is one name, or "*.suffix" pattern, that is open on port 443.
type Host struct {
	Name string
	Mode awsmesh.Mode

	// Mixed: some plans want the host in plaintext and some in passthrough mode.
	// Plaintext wins. The passthrough pods are refused then; the other way round,
	// plaintext requests would leave the mesh as they are.
	Mixed bool

	// Waypoint: ambient pods alone call the host, and the namespace's waypoint
	// originates TLS. Where a pod with a sidecar calls it too, the sidecars do.
	Waypoint bool
}

// Desired returns what plans need in namespace, whatever their order.
func Desired(namespace string, plans []awsmesh.Plan) Egress {
	hosts := map[string]Host{}
	for _, plan := range plans {
		for _, name := range plan.Hosts {
			h, known := hosts[name]
			h.Waypoint = viaWaypoint(plan) && (h.Waypoint || !known)
			switch {
			case !known:
				h.Name, h.Mode = name, plan.Mode
			case h.Mode != plan.Mode:
				h.Mode, h.Mixed = awsmesh.Plaintext, true
			}
			hosts[name] = h
		}
	}
	e := Egress{Namespace: namespace}
	for _, h := range hosts {
		e.Hosts = append(e.Hosts, h)
	}
	slices.SortFunc(e.Hosts, func(a, b Host) int { return cmp.Compare(a.Name, b.Name) })
	return e
}
