package awsmesh

import "cmp"

// Istio's labels of ambient mode, on pods and namespaces, and of the waypoint of a namespace.
// Source: https://istio.io/latest/docs/ambient/usage/waypoint/
const (
	LabelDataplane = "istio.io/dataplane-mode"
	Ambient        = "ambient" // its value

	LabelWaypoint          = "istio.io/use-waypoint"
	LabelWaypointNamespace = "istio.io/use-waypoint-namespace"
)

// Waypoint returns the name of the waypoint that the labels of namespace choose, and the
// namespace that it is in. The name is empty if they choose none.
//
// Only a waypoint in the namespace itself takes the hosts that the namespace opens: no
// other namespace sees them.
func Waypoint(namespace string, labels map[string]string) (name, in string) {
	if name = labels[LabelWaypoint]; name == "none" {
		name = ""
	}
	return name, cmp.Or(labels[LabelWaypointNamespace], namespace)
}
