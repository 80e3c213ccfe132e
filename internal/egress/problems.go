package egress

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// The reasons of our Events.
const (
	reasonIgnored  = "AWSMeshPodIgnored"   // a pod's status cannot be used, or has more hosts than the namespace may
	reasonConflict = "AWSMeshStandsBack"   // a user's object has the host, and aws-mesh leaves it alone
	reasonMixed    = "AWSMeshModeConflict" // pods ask for one host in ways that exclude each other, such as plaintext and passthrough
	reasonReplaced = "AWSMeshRouteLeftOut" // a user's VirtualService takes the place of ours
	reasonRefused  = "AWSMeshChangedBack"  // something changes our object back at once
	reasonForeign  = "AWSMeshOverrides"    // an object of another namespace has the host too; ours go before it, but for TLS routes
	reasonWithheld = "AWSMeshHostWithheld" // the host is closed to ambient pods: those of other namespaces would get it
)

// A problem is something for a person to mend.
type problem struct {
	object client.Object // where it is shown
	reason string
	note   string
}

// maxPods is on how many pods one problem is shown.
const maxPods = 3

// problems returns what a person should know of o, in a stable order.
func problems(o observation, pods []podPlan) []problem {
	var out []problem
	told := map[string]int{} // pods, by what is wrong with them
	for _, p := range pods {
		if p.err == nil {
			continue
		}
		if told[p.err.Error()]++; told[p.err.Error()] <= maxPods {
			out = append(out, problem{p.pod, reasonIgnored, fmt.Sprintf("no AWS host is open for this pod: %v", p.err)})
		}
	}
	for _, h := range o.egress.Hosts {
		claims := o.claims[Name(h.Name)]
		out = append(out, h.leftToSidecars(o.egress.Namespace, pods)...)
		out = append(out, o.withheld(h, pods)...)
		for _, c := range claims {
			if c.own && (c.blocks() || h.Mode == awsmesh.Plaintext) {
				out = append(out, c.problem(h.Name, o.egress.Namespace))
			}
		}
		out = append(out, h.goesFirst(o.egress.Namespace, claims, pods)...)
		switch {
		case blocked(claims):
			c := claims[slices.IndexFunc(claims, claim.blocks)]
			note := fmt.Sprintf("%s is left to %s: aws-mesh opens it, with verified TLS, once that is gone; or take the service out of %s",
				h.Name, describe(c.object), awsmesh.AnnotationServices)
			out = append(out, onPods(pods, reasonConflict, note, func(p podPlan) bool { return p.needs(h.Name) })...)
		case h.Mixed:
			note := fmt.Sprintf("%s is called in plaintext by other pods of namespace %q, so the sidecar takes no TLS for it: use one value of %s for all of them",
				h.Name, o.egress.Namespace, awsmesh.AnnotationMode)
			out = append(out, onPods(pods, reasonMixed, note, func(p podPlan) bool { m, _ := p.wants(h.Name); return m == awsmesh.Passthrough })...)
		}
	}
	return merge(append(out, gatewayProblems(o, pods)...))
}

// goesFirst is about an object of another namespace that ours for h hide from the pods. One
// is enough: others may have any number. What ours do not hide is the routes for TLS of a
// VirtualService: Istio takes them from every namespace.
func (h Host) goesFirst(namespace string, claims []claim, pods []podPlan) []problem {
	foreign := func(c claim) bool { return !c.own }
	acts := func(c claim) bool {
		return foreign(c) && h.Mode == awsmesh.Passthrough && c.object.GetKind() == virtualService
	}
	i := max(slices.IndexFunc(claims, foreign), slices.IndexFunc(claims, acts))
	if i < 0 || blocked(claims) {
		return nil
	}
	c := claims[i].object
	there, here := "its objects go before this "+c.GetKind(), describe(c)+" does not act on it here"
	if acts(claims[i]) {
		there, here = "any tls routes of this VirtualService act on it too", "any tls routes of "+describe(c)+" act on it here"
	}
	note := fmt.Sprintf("%s is opened by aws-mesh, and %s: have the host taken out of that, or not exported to this namespace", h.Name, here)
	return append([]problem{{c, reasonForeign, fmt.Sprintf(
		"aws-mesh opens %s in namespace %q, where %s: take the host out of it, or do not export it to there", h.Name, namespace, there)}},
		onPods(pods, reasonForeign, note, func(p podPlan) bool { return p.needs(h.Name) })...)
}

// gatewayProblems is about what is in the way of the way to the gateway.
func gatewayProblems(o observation, pods []podPlan) []problem {
	host := o.egress.Gateway.host()
	var out []problem
	for _, c := range o.claims[Name(host)] {
		if !c.blocks() {
			continue
		}
		note := fmt.Sprintf("no call in plaintext leaves the mesh, since %s is about the egress gateway: delete it, or give aws-mesh a gateway of its own", describe(c.object))
		out = append(out, c.problem(host, o.egress.Namespace))
		out = append(out, onPods(pods, reasonConflict, note, func(p podPlan) bool { return p.wantsOne(o.egress.viaGateway, o.egress.Hosts) })...)
	}
	return out
}

func (c claim) problem(host, namespace string) problem {
	kind := c.object.GetKind()
	switch {
	case !c.named:
		return problem{c.object, reasonConflict, fmt.Sprintf(
			"aws-mesh needs this name for %s in namespace %q: rename this %s, or label it %s=%s to have it replaced", host, namespace, kind, labelManagedBy, managedBy)}
	case !c.blocks():
		return problem{c.object, reasonReplaced, fmt.Sprintf(
			"aws-mesh leaves its VirtualService for %s in namespace %q to this one: base it on ours, as \"aws-mesh egress\" prints it; "+
				"applications call the host only if the first route answers %s, and the AWS SDK retries by itself, so retries.attempts has to be 0",
			host, namespace, awsmesh.RouteHeader)}
	}
	return problem{c.object, reasonConflict, fmt.Sprintf(
		"aws-mesh leaves %s in namespace %q to this %s: delete it, or take the host out of it, and aws-mesh opens the host with verified TLS", host, namespace, kind)}
}

func describe(u *unstructured.Unstructured) string {
	return fmt.Sprintf("%s %s/%s", u.GetKind(), u.GetNamespace(), u.GetName())
}

func onPods(pods []podPlan, reason, note string, concerned func(podPlan) bool) []problem {
	var out []problem
	for _, p := range pods {
		if len(out) < maxPods && concerned(p) {
			out = append(out, problem{p.pod, reason, note})
		}
	}
	return out
}

// merge joins the notes for one object and reason: of several Events that differ in
// nothing but the note, Kubernetes keeps the first.
func merge(problems []problem) []problem {
	type key struct{ uid, reason string }
	notes := map[key][]string{}
	var first []problem
	for _, p := range problems {
		k := key{string(p.object.GetUID()), p.reason}
		if notes[k] == nil {
			first = append(first, p)
		}
		notes[k] = append(notes[k], p.note)
	}
	for i, p := range first {
		first[i].note = cut(strings.Join(notes[key{string(p.object.GetUID()), p.reason}], "; "))
	}
	return first
}

// cut keeps a note within what an Event may hold, 1,024 bytes.
func cut(note string) string {
	const most = 1000
	if len(note) > most {
		return strings.ToValidUTF8(note[:most], "") + "…"
	}
	return note
}
