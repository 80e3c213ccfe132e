package egress

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// A Finding is what keeps the egress of a namespace from being as its pods need it.
type Finding struct {
	Object  string // "ServiceEntry shop/mine": where it is to be mended
	Problem string
	Cure    string
	Breaks  bool // calls fail; else somebody should know
	Left    bool // hosts are left to this object, which is a user's
}

// Examine compares what pods need with Istio's objects, of all namespaces, as the
// Reconciler does. The pods are those of e's namespace with the label
// [awsmesh.LabelEgress]; what hosts e has does not matter.
func Examine(e Egress, pods []*metav1.PartialObjectMetadata, objects []*unstructured.Unstructured) []Finding {
	o := observation{claims: map[string][]claim{}}
	var each []podPlan
	o.egress, each = planPods(e.Namespace, pods, maxHosts)
	o.egress.Gateway, o.egress.RootNamespace = e.Gateway, e.RootNamespace
	live := map[ref]bool{}
	var users []*unstructured.Unstructured
	for _, u := range objects {
		switch {
		case !ours(u):
			users = append(users, u)
		case u.GetNamespace() == e.Namespace:
			o.live = append(o.live, u)
			live[refTo(u)] = true
		}
	}
	for _, l := range o.egress.legs() {
		if found := o.egress.claimsOn(Name(l.host), users); found != nil {
			o.claims[Name(l.host)] = found
		}
	}
	var findings []Finding
	for _, u := range decide(o, time.Now(), limits{retention: math.MaxInt64, hosts: math.MaxInt}).apply {
		f := Finding{Object: describe(u), Problem: "it is not there", Cure: "see the log of aws-mesh's controller, and the Events of the pods", Breaks: true}
		if live[refTo(u)] {
			f.Problem, f.Cure = "it is not as aws-mesh writes it", "see the log of aws-mesh's controller for who changes it back"
		}
		findings = append(findings, f)
	}
	for _, p := range problems(o, each) {
		if (p.reason == reasonConflict || p.reason == reasonForeign) && slices.ContainsFunc(each, func(e podPlan) bool { return e.pod == p.object }) {
			continue // the other object has it
		}
		f := Finding{
			Object:  fmt.Sprintf("%s %s/%s", p.object.GetObjectKind().GroupVersionKind().Kind, p.object.GetNamespace(), p.object.GetName()),
			Problem: p.note, Breaks: o.breaks(p), Left: p.reason == reasonConflict || p.reason == reasonReplaced,
		}
		if p.reason != reasonIgnored { // else it is all cause
			f.Problem, f.Cure, _ = strings.Cut(p.note, ": ")
		}
		findings = append(findings, f)
	}
	return findings
}

// breaks reports whether p makes calls fail. A host that is left to the user's object may
// be open by that, but nothing in it answers for plaintext.
func (o observation) breaks(p problem) bool {
	if p.reason != reasonConflict {
		return p.reason != reasonReplaced && p.reason != reasonForeign
	}
	in := func(host string) bool {
		return slices.ContainsFunc(o.claims[Name(host)], func(c claim) bool { return c.object == p.object })
	}
	return in(o.egress.Gateway.host()) || slices.ContainsFunc(o.egress.Hosts, func(h Host) bool { return h.Mode == awsmesh.Plaintext && in(h.Name) })
}
