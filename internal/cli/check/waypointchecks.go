package check

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// podWaypoint looks for the waypoint that originates TLS for an ambient pod.
func podWaypoint(f *facts, _ *workload, p *pod) []Finding {
	namespace := p.GetNamespace()
	ns := f.named("Namespace", "", namespace)
	unread, absent := f.lacks("gateways")
	if p.status == nil || !p.status.Waypoint || ns == nil || unread && !absent {
		return nil
	}
	name, in := awsmesh.Waypoint(namespace, ns.GetLabels())
	if name == "" || in != namespace {
		return nil // the pod's decision is out of date, which is another check's
	}
	gateway := f.named("Gateway", namespace, name)
	if gateway == nil {
		return fail("istioctl waypoint apply --namespace "+namespace+" --name "+name,
			"the namespace's label %s names waypoint %q, which is not there: calls are refused", awsmesh.LabelWaypoint, name)
	}
	for _, c := range slice(gateway.Object, "status", "conditions") {
		if text(c, "type") == "Programmed" && text(c, "status") != "True" {
			return fail("kubectl --namespace "+namespace+" describe gateway "+name, "waypoint %q does not run: %s", name, text(c, "message"))
		}
	}
	return nil
}

// viaWaypoints reports whether any pod calls AWS through a waypoint.
func viaWaypoints(s *Snapshot) bool {
	return slices.ContainsFunc(s.of("Pod", ""), func(u *unstructured.Unstructured) bool {
		status, err := awsmesh.ParseStatus(u.GetAnnotations()[awsmesh.AnnotationStatus])
		return err == nil && status.Waypoint
	})
}
