package workload

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/cli/manifest"
	"github.com/aws-mesh/aws-mesh/internal/cli/yamledit"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// A Workload is an object that is a pod, or makes pods.
type Workload struct {
	manifest.Object
	Namespace string // also if the manifest names none

	pod     map[string]any // the pod, or the template; shared with the object
	in      map[string]any // metadata of the namespace, nil if it is not among the manifests
	options mutate.Options
}

// workloads returns the workloads of a document that say something about AWS.
func (s *Set) workloads(d *manifest.Document) []Workload {
	var list []Workload
	for _, o := range d.Objects() {
		path, ok := mutate.TemplatePath(o.Kind)
		if !ok || !o.BuiltIn() {
			continue
		}
		w := Workload{Object: o, Namespace: cmp.Or(o.Namespace, s.namespace), options: s.options, pod: o.At(path...)}
		w.in = s.metadata[w.Namespace]
		if w.concerned() {
			list = append(list, w)
		}
	}
	return list
}

// concerned reports whether the pod has an annotation or a label of ours: the webhook
// sees no other pods.
func (w Workload) concerned() bool {
	metadata, _ := w.pod["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	labels, _ := metadata["labels"].(map[string]any)
	for key := range annotations {
		if strings.HasPrefix(key, awsmesh.AnnotationPrefix) {
			return true
		}
	}
	_, labelled := labels[awsmesh.LabelEgress]
	return labelled
}

// Admit does with the pod what the webhook does, and returns the pod as it is then.
func (w Workload) Admit(ctx context.Context) (pod map[string]any, d mutate.Decision, err error) {
	return w.admit(ctx, w.pod)
}

// admit admits pod as if it was the workload's.
func (w Workload) admit(ctx context.Context, pod map[string]any) (map[string]any, mutate.Decision, error) {
	text, err := json.Marshal(pod)
	if err != nil {
		return nil, mutate.Decision{}, err
	}
	decision, err := mutate.Pod(ctx, text, w.Namespace, w.options)
	if err != nil || len(decision.Patch) == 0 {
		return pod, decision, err
	}
	operations, err := json.Marshal(decision.Patch)
	if err != nil {
		return nil, decision, err
	}
	patch, err := jsonpatch.DecodePatch(operations)
	if err != nil {
		return nil, decision, err
	}
	if text, err = patch.Apply(text); err != nil {
		return nil, decision, err
	}
	v, err := yamledit.FromJSON(text)
	pod, _ = v.(map[string]any)
	return pod, decision, err
}
