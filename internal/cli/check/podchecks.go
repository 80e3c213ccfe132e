package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gomodules.xyz/jsonpatch/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// podChecks are about one pod of a workload.
var podChecks = []struct {
	name string
	find func(*facts, *workload, *pod) []Finding
}{
	{"status", podSeen},
	{"status", podCurrent},
	{"rollout", podOfTemplate},
	{"mesh", podInMesh},
	{"mesh", containersInMesh},
	{"waypoint", podWaypoint},
	{"annotations", podWarnings},
	{"istio-version", sidecarVersion},
}

// podSeen tells of pods that the webhook has not seen, or not to the end.
func podSeen(_ *facts, w *workload, p *pod) []Finding {
	if p.status != nil || !awsmesh.Requested(p.GetAnnotations()) {
		return nil
	}
	return fail(w.restart(), "the webhook has not seen this pod: it was created before aws-mesh was installed, or got its annotation later (kubectl annotate pod), and is told nothing")
}

// podCurrent compares what was decided with what would be decided now.
func podCurrent(f *facts, w *workload, p *pod) []Finding {
	switch {
	case p.status == nil, p.status.Waypoint && f.named("Namespace", "", p.GetNamespace()) == nil: // unread, so what holds today is not known
		return nil
	case !awsmesh.Requested(p.GetAnnotations()):
		return fail(w.restart(), "the pod has no annotation %s any more, but what was decided for it still holds", awsmesh.AnnotationServices)
	case p.now == nil:
		return fail("mend the annotation and "+w.restart(), "the pod would be refused today: %s", oneLine(p.err))
	case outcome(p.now.Status) != outcome(*p.status):
		return fail(w.restart(), "the decision is older than the annotations, or than the labels of the namespace: it says %s, and would be %s today", brief(*p.status), brief(p.now.Status))
	}
	if p.unlabelled() {
		return fail(w.restart(), "it has no label %s, so nothing is opened for it, though its sidecar takes the calls", awsmesh.LabelEgress)
	}
	for _, operation := range p.now.Patch {
		if p.sure && strings.HasPrefix(operation.Path, "/spec/") && (f.settings.known || p.proxy() != nil) {
			return warn(w.restart(), "the environment of its containers is that of another version of aws-mesh, or was changed")
		}
	}
	return nil
}

// outcome is what a decision means for the pod: the reason is a sentence, which another
// release may word otherwise.
func outcome(s awsmesh.Status) string {
	s.Reason = ""
	return s.String()
}

// unlabelled reports whether the webhook would label p today, and has not.
func (p *pod) unlabelled() bool {
	return slices.ContainsFunc(p.now.Patch, func(o jsonpatch.Operation) bool {
		return o.Operation == "add" && strings.HasPrefix(o.Path, "/metadata/labels")
	})
}

func brief(s awsmesh.Status) string {
	mode := string(s.Mode)
	if s.Mode == awsmesh.Plaintext && !s.InMesh {
		mode = "the application's own TLS"
	}
	var regions []string
	for _, e := range s.Endpoints {
		regions = append(regions, e.Region)
	}
	return fmt.Sprintf("%s, %s in %s", mode, strings.Join(s.Services, ","), strings.Join(regions, ","))
}

// podOfTemplate tells of pods whose template asks for something else.
func podOfTemplate(_ *facts, w *workload, p *pod) []Finding {
	if w.template == nil {
		return nil
	}
	annotations, _, _ := unstructured.NestedStringMap(w.template, "metadata", "annotations")
	if maps.Equal(requests(annotations), requests(p.GetAnnotations())) {
		return nil
	}
	return warn("wait for the rollout, or "+w.restart(), "the pod is of an earlier template: the annotations of %s* differ", awsmesh.AnnotationPrefix)
}

// requests returns the annotations of ours that a user writes.
func requests(annotations map[string]string) map[string]string {
	wanted := map[string]string{}
	for key, value := range annotations {
		if strings.HasPrefix(key, awsmesh.AnnotationPrefix) && key != awsmesh.AnnotationStatus {
			wanted[key] = value
		}
	}
	return wanted
}

func podWarnings(_ *facts, _ *workload, p *pod) []Finding {
	var findings []Finding
	if p.now != nil {
		for _, text := range p.now.Warnings {
			findings = append(findings, warn("", "%s", text)...)
		}
	}
	return findings
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
