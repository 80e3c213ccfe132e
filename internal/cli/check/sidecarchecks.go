package check

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	cliworkload "github.com/aws-mesh/aws-mesh/internal/cli/workload"
)

// podInMesh tells why there is no sidecar, where there was to be one.
func podInMesh(f *facts, w *workload, p *pod) []Finding {
	if p.status == nil || p.status.InMesh || p.proxy() != nil || optedOut(p) {
		return nil
	}
	ns := f.named("Namespace", "", p.GetNamespace())
	switch {
	case ns != nil && ns.GetLabels()[awsmesh.LabelDataplane] == awsmesh.Ambient:
		return nil
	case ns != nil && !cliworkload.InjectorCalled(ns.GetLabels(), p.GetLabels()):
		return warn("kubectl label namespace "+p.GetNamespace()+" istio-injection=enabled, and "+w.restart(),
			"not in the mesh: nothing asks Istio's injector for a sidecar in namespace %s; the application does its own TLS", p.GetNamespace())
	}
	return warn(w.restart(), "not in the mesh: the pod has no sidecar, though nothing forbids it; it may be older than Istio's injector")
}

func optedOut(p *pod) bool {
	hostNetwork, _, _ := unstructured.NestedBool(p.Object, "spec", "hostNetwork")
	return hostNetwork || cliworkload.InjectionRefused(p.GetLabels(), p.GetAnnotations()) || p.GetLabels()[awsmesh.LabelDataplane] == awsmesh.Ambient
}

// containersInMesh tells of containers whose traffic the sidecar does not take.
func containersInMesh(_ *facts, _ *workload, p *pod) []Finding {
	if p.status == nil || p.now == nil || p.proxy() == nil {
		return nil
	}
	var findings []Finding
	for _, c := range p.now.Containers {
		if c.Bypass == "" {
			continue
		}
		const native = `make Istio's sidecar a native one: annotate the pod with sidecar.istio.io/nativeSidecar: "true"`
		switch {
		case strings.HasPrefix(c.Bypass, "runs as"):
			findings = append(findings, warn("let it run as another user", "container %q %s", c.Name, c.Bypass)...)
		case p.redirectedBefore(c.Name):
			findings = append(findings, fail(native, "container %q %s, but its traffic is redirected to that already: it cannot call AWS", c.Name, c.Bypass)...)
		default:
			findings = append(findings, warn(native, "container %q %s: it is told that it is not in the mesh, and does its own TLS", c.Name, c.Bypass)...)
		}
	}
	return findings
}

// redirectedBefore reports whether an init container starts when traffic is redirected.
func (p *pod) redirectedBefore(name string) bool {
	for _, c := range slice(p.Object, "spec", "initContainers") {
		switch text(c, "name") {
		case "istio-init", "istio-validation": // the second where Istio's CNI plugin redirects
			return true
		case name:
			return false
		}
	}
	return false
}

// minMinor is the oldest Istio 1.x that is supported.
const minMinor = 22

var imageVersion = regexp.MustCompile(`:v?1\.(\d+)(\.\d+)?([-@].*)?$`)

func sidecarVersion(_ *facts, _ *workload, p *pod) []Finding {
	found := imageVersion.FindStringSubmatch(text(p.proxy(), "image"))
	if found == nil {
		return nil
	}
	minor := 0
	if _, err := fmt.Sscan(found[1], &minor); err != nil || minor >= minMinor {
		return nil
	}
	return fail("upgrade Istio", "the sidecar is %s: aws-mesh needs Istio 1.%d or later", text(p.proxy(), "image"), minMinor)
}
