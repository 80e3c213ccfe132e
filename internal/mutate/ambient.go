package mutate

import (
	"context"
	"fmt"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// noneOfIt is the value of [awsmesh.LabelDataplane] for a pod that is not ambient in a
// namespace that is.
const noneOfIt = "none"

// carrier returns what takes the traffic of p to port 443: its sidecar or, where it is
// ambient, the waypoint of its namespace.
func (o Options) carrier(ctx context.Context, p *pod, namespace string) (sidecar, error) {
	s := findSidecar(p)
	mode := ""
	if p.Metadata.Labels != nil {
		mode = p.Metadata.Labels.Dataplane
	}
	if o.NamespaceLabels == nil || p.Spec.HostNetwork || p.hasProxy() || mode == noneOfIt {
		return s, nil
	}
	labels, err := o.NamespaceLabels(ctx, namespace)
	if err != nil {
		return s, fmt.Errorf("namespace %s: %w", endpoints.Quote(namespace), err)
	}
	if mode == awsmesh.Ambient || labels[awsmesh.LabelDataplane] == awsmesh.Ambient {
		s.why, s.waypoint = waypoint(labels, namespace)
		s.takes = s.waypoint
	}
	return s, nil
}

// waypoint says what Istio makes of a namespace's labels: whether calls to the hosts
// that the namespace opens go through a waypoint of its own. One of another namespace
// cannot have hosts that no other namespace sees.
func waypoint(labels map[string]string, namespace string) (why string, uses bool) {
	name, in := awsmesh.Waypoint(namespace, labels)
	switch {
	case name == "":
		return fmt.Sprintf("ambient: namespace %s has no waypoint (label %s), so the application originates TLS",
			endpoints.Quote(namespace), awsmesh.LabelWaypoint), false
	case in != namespace:
		return fmt.Sprintf("ambient: the waypoint of namespace %s is in namespace %s (label %s), so the application originates TLS",
			endpoints.Quote(namespace), endpoints.Quote(in), awsmesh.LabelWaypointNamespace), false
	}
	return fmt.Sprintf("ambient: waypoint %s originates TLS", endpoints.Quote(name)), true
}
