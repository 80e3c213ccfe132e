package egress

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// fromWaypoint is what a waypoint needs for h, and ztunnel to send h there: an address
// that Istio allocates, which stands for the name in the DNS answers to ambient pods. The
// label of the namespace binds the ServiceEntry to the waypoint.
//
// ztunnel knows nothing of exportTo. That no other namespace sees the host is the
// mesh's serviceEntryVisibility; see [withhold].
func (h Host) fromWaypoint() leg {
	entry := h.serviceEntry()
	entry["resolution"] = "DNS"
	if h.wildcard() {
		entry["resolution"] = "DYNAMIC_DNS" // of the Host header
	}
	return leg{host: h.Name, of: h.Name, allocate: true, specs: map[string]map[string]any{
		serviceEntry:    entry,
		destinationRule: h.destinationRule(),
		virtualService:  h.virtualService(awsmesh.RouteOfWaypoint, routeTo(h.Name, subset)),
	}}
}

// keyVisibility is where slimIstio keeps what visibilityOf returns.
const keyVisibility = "visibility"

// visibilityOf returns to whom ambient pods istiod shows u, by its status: "Namespace" is
// to those of its own. Else it is to all, or "" as long as istiod has not looked at u.
func visibilityOf(u *unstructured.Unstructured) string {
	if v, ok := u.Object[keyVisibility].(string); ok {
		return v
	}
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	reasons := map[any]string{}
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok {
			reasons[c["type"]], _ = c["reason"].(string)
		}
	}
	if reason := reasons["istio.io/VisibilityApplied"]; reason != "" || len(reasons) == 0 {
		return reason
	}
	return "Public" // of a mesh without serviceEntryVisibility it says nothing
}

// withhold takes the address off u, a desired object, until istiod has said of live, the
// one that there is, that no other namespace will get it.
func withhold(u, live *unstructured.Unstructured) {
	if u.GetLabels()[labelAutoAllocate] == "true" && (live == nil || visibilityOf(live) != "Namespace") {
		u.SetLabels(map[string]string{labelManagedBy: managedBy, labelAutoAllocate: "false"})
	}
}

// withheld tells ambient pods that h stays closed, as all other namespaces would be sent
// to their waypoint.
func (o observation) withheld(h Host, pods []podPlan) []problem {
	entry := ref{serviceEntry, Name(h.Name)}
	public := func(u *unstructured.Unstructured) bool {
		return refTo(u) == entry && visibilityOf(u) != "" && visibilityOf(u) != "Namespace"
	}
	if !h.Waypoint || !slices.ContainsFunc(o.live, public) {
		return nil
	}
	note := h.Name + " is not open for ambient pods: those of other namespaces would be sent to the waypoint of this one; set meshConfig.serviceEntryVisibility to NAMESPACE"
	return onPods(pods, reasonWithheld, note, func(p podPlan) bool { return p.viaWaypoint() && p.needs(h.Name) })
}

// viaWaypoint reports whether the pod of plan takes its hosts from a waypoint.
func viaWaypoint(plan awsmesh.Plan) bool { return plan.Waypoint && plan.Mode != awsmesh.Passthrough }

func (p podPlan) viaWaypoint() bool { return slices.ContainsFunc(p.plans, viaWaypoint) }

// checkWaypoint returns an error that says why ambient pods of namespace get no host, or
// nil. It believes the namespace's labels, and nothing that a pod says of them.
func (r *Reconciler) checkWaypoint(ctx context.Context, namespace string) error {
	if !r.Waypoints {
		return errors.New("its status says that it is ambient, but the controller runs without --waypoints")
	}
	ns := metadata("Namespace")
	if err := r.Client.Get(ctx, client.ObjectKey{Name: namespace}, ns); err != nil {
		return err
	}
	if name, in := awsmesh.Waypoint(namespace, ns.Labels); name == "" || in != namespace {
		return fmt.Errorf("its status says that it is ambient, but namespace %q has no waypoint of its own (label %s)", namespace, awsmesh.LabelWaypoint)
	}
	return nil
}

// withoutWaypoint returns what the other pods need where the ambient ones get nothing.
func withoutWaypoint(namespace string, pods []podPlan, why error) (Egress, []podPlan) {
	var plans []awsmesh.Plan
	pods = slices.Clone(pods)
	for i, p := range pods {
		if p.viaWaypoint() {
			pods[i].plans, pods[i].err = nil, why
			continue
		}
		plans = append(plans, p.plans...)
	}
	return Desired(namespace, plans), pods
}

// leftToSidecars tells ambient pods that h is not open for them: an entry with an
// address of Istio's would break the TLS that other pods with a sidecar do themselves.
func (h Host) leftToSidecars(namespace string, pods []podPlan) []problem {
	if h.Waypoint {
		return nil
	}
	note := fmt.Sprintf("%s is called by pods with a sidecar in namespace %q, so ambient pods have no route to it there: keep them in namespaces of their own", h.Name, namespace)
	return onPods(pods, reasonMixed, note, func(p podPlan) bool { return p.viaWaypoint() && p.needs(h.Name) })
}
