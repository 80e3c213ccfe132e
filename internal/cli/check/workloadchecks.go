package check

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// workloadChecks are about a workload and its template.
var workloadChecks = []struct {
	name string
	find func(*facts, *workload) []Finding
}{
	{"annotations", templateAccepted},
	{"s3-keys", s3Keys},
	{"endpoint-urls", endpointURLs},
}

// templateAccepted tells of what the webhook would refuse: it may have been installed
// later.
func templateAccepted(f *facts, w *workload) []Finding {
	if w.template == nil {
		return nil
	}
	namespaceRead := f.named("Namespace", "", w.object.GetNamespace()) != nil
	o, sure := f.settings.judging(w.status(), namespaceRead)
	_, err := decide(f.ctx, w.template, w.object.GetNamespace(), f.Snapshot, o)
	if w.status() == nil && !sure { // nothing tells the region
		annotations, _, _ := unstructured.NestedStringMap(w.template, "metadata", "annotations")
		_, err = awsmesh.ParseRequest(annotations)
	}
	if err != nil {
		return fail("mend the annotation in the pod template", "new pods are refused: %s", oneLine(err))
	}
	return nil
}

// status is that of the first pod that has one.
func (w *workload) status() *awsmesh.Status {
	for _, p := range w.pods {
		if p.status != nil {
			return p.status
		}
	}
	return nil
}

// s3Keys tells of the keys that get 403: which keys there are is not known here.
func s3Keys(f *facts, w *workload) []Finding {
	for _, p := range w.pods {
		m := meshOf(f.Snapshot, revision(p.Unstructured))
		if m != nil && m.PathNormalization.Normalization != "NONE" && p.status != nil && p.status.InMesh && slices.Contains(p.status.Services, "s3") {
			return warn("set meshConfig.pathNormalization.normalization: NONE, or the mode passthrough",
				`S3 keys with a segment "." or ".." get 403 SignatureDoesNotMatch: Istio's default normalization of paths alters what was signed`)
		}
	}
	return nil
}

// endpointURLs tells of plaintext that nothing proves before it is sent.
func endpointURLs(f *facts, w *workload) []Finding {
	for _, p := range w.pods {
		m := meshOf(f.Snapshot, revision(p.Unstructured))
		if m == nil || p.status == nil || !p.status.InMesh || p.GetAnnotations()[awsmesh.AnnotationEndpointURLs] != "true" {
			continue
		}
		if m.policy(f.sidecars(p.GetNamespace())) == "ALLOW_ANY" {
			return warn("give the namespace a Sidecar with outboundTrafficPolicy REGISTRY_ONLY",
				"under ALLOW_ANY, %s sends signed requests as they are while the objects are on their way to the sidecar", awsmesh.AnnotationEndpointURLs)
		}
	}
	return nil
}

// restart says how to have the pods of w made anew.
func (w *workload) restart() string {
	kind, name := w.object.GetKind(), w.object.GetName()
	switch kind {
	case "Deployment", "StatefulSet", "DaemonSet":
		return fmt.Sprintf("kubectl --namespace %s rollout restart %s/%s", w.object.GetNamespace(), strings.ToLower(kind), name)
	case "CronJob":
		return "wait for its next run"
	case "Pod", "Job":
		return fmt.Sprintf("delete %s/%s and create it anew", strings.ToLower(kind), name)
	}
	return "delete its pods, so that they are made anew"
}
