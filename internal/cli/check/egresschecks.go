package check

import (
	"cmp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/egress"
)

// objects says what is wrong with the egress of each namespace.
func objects(f *facts) []Finding {
	var findings []Finding
	for _, found := range f.egress {
		severity := Warning
		if found.Breaks {
			severity = Error
		}
		findings = append(findings, Finding{Severity: severity, Where: found.Object, Problem: found.Problem, Cure: found.Cure})
	}
	return findings
}

// meshDefaults looks at what the mesh does to hosts where our objects do not say otherwise.
func meshDefaults(f *facts) []Finding {
	left := func(found egress.Finding) bool { return found.Left }
	m := meshOf(f.Snapshot, defaultRevision)
	if m == nil || !slices.ContainsFunc(f.egress, left) {
		return nil
	}
	var findings []Finding
	if m.H2UpgradePolicy == "UPGRADE" {
		findings = append(findings, warn("h2UpgradePolicy: DO_NOT_UPGRADE in a DestinationRule for hosts that are left to your own objects",
			"meshConfig.h2UpgradePolicy is UPGRADE: endpoints of AWS that speak HTTP/1.1 alone answer 502")...)
	}
	if p := m.DefaultHTTPRetryPolicy; p != nil && p.Attempts > 0 {
		findings = append(findings, warn("retries: {attempts: 0} in a VirtualService for hosts that are left to your own objects",
			"meshConfig.defaultHttpRetryPolicy has %d attempts: what is written to AWS may be written more than once", p.Attempts)...)
	}
	return at("ConfigMap "+f.root+"/istio", findings)
}

// examine asks the controller's own functions about the egress of each namespace.
func (f *facts) examine() []egress.Finding {
	var all []*unstructured.Unstructured
	for kind, resource := range map[string]string{"ServiceEntry": "serviceentries", "DestinationRule": "destinationrules", "VirtualService": "virtualservices"} {
		if unread, _ := f.lacks(resource); unread {
			return nil
		}
		all = append(all, f.of(kind, "")...)
	}
	var found []egress.Finding
	for namespace := range f.namespaces() {
		e := egress.Egress{Namespace: namespace, Gateway: f.settings.gateway, RootNamespace: f.settings.istioNamespace}
		found = append(found, egress.Examine(e, f.labelled(namespace), all)...)
	}
	slices.SortFunc(found, func(a, b egress.Finding) int { return cmp.Compare(a.Object, b.Object) })
	return found
}

// sidecarScope looks for a Sidecar that hides the objects of the pods' own namespace.
func sidecarScope(f *facts) []Finding {
	var findings []Finding
	for namespace := range f.namespaces() {
		for _, u := range f.sidecars(namespace) {
			if seesOwn(u, namespace) {
				continue
			}
			findings = append(findings, at("Sidecar "+u.GetNamespace()+"/"+u.GetName(),
				fail(`add "./*" to egress.hosts`, "its egress.hosts leave out namespace %s: sidecars there do not see the objects that open AWS hosts", namespace))...)
		}
	}
	return findings
}

// sidecars returns the Sidecar of all pods of a namespace: its own, else the mesh's.
func (f *facts) sidecars(namespace string) []*unstructured.Unstructured {
	for _, in := range []string{namespace, f.root} {
		list := slices.DeleteFunc(f.of("Sidecar", in), func(u *unstructured.Unstructured) bool {
			selector, _, _ := unstructured.NestedMap(u.Object, "spec", "workloadSelector")
			return len(selector) > 0
		})
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

func seesOwn(sidecar *unstructured.Unstructured, namespace string) bool {
	egress := slice(sidecar.Object, "spec", "egress")
	if len(egress) == 0 {
		return true
	}
	for _, e := range egress {
		hosts, _, _ := unstructured.NestedStringSlice(e, "hosts")
		for _, host := range hosts {
			if in, name, _ := strings.Cut(host, "/"); (in == "*" || in == "." || in == namespace) && strings.HasPrefix(name, "*") {
				return true
			}
		}
	}
	return false
}

// labelled returns the pods of a namespace that the controller looks at.
func (f *facts) labelled(namespace string) []*metav1.PartialObjectMetadata {
	var pods []*metav1.PartialObjectMetadata
	for _, u := range f.of("Pod", namespace) {
		var p metav1.PartialObjectMetadata
		if u.GetLabels()[awsmesh.LabelEgress] == "true" && runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &p) == nil {
			pods = append(pods, &p)
		}
	}
	return pods
}
