package check

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// A workload is an object that makes pods, or a pod that nothing makes, with its pods.
type workload struct {
	object   *unstructured.Unstructured
	template map[string]any // of its pods; nil: it is a pod, or was not read
	pods     []*pod
}

// A pod is one that has not ended.
type pod struct {
	*unstructured.Unstructured
	status *awsmesh.Status  // nil: it has none that can be read
	now    *mutate.Decision // what the webhook would decide today; nil: it would refuse
	err    error            // why
	sure   bool             // the region of each container is known
}

func (w *workload) String() string {
	return w.object.GetKind() + " " + w.object.GetNamespace() + "/" + w.object.GetName()
}

// workloadKinds are the kinds that make pods, and are read.
func workloadKinds() []string {
	return []string{"Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"}
}

// workloads returns those of a namespace that ask for AWS, or whose pods do, sorted.
func workloads(ctx context.Context, s *Snapshot, namespace string, o settings) []*workload {
	byName := map[string]*workload{}
	var all []*workload
	add := func(object *unstructured.Unstructured, template map[string]any) *workload {
		w := &workload{object: object, template: template}
		if byName[w.String()] == nil {
			byName[w.String()] = w
			all = append(all, w)
		}
		return byName[w.String()]
	}
	for _, kind := range workloadKinds() {
		path, _ := mutate.TemplatePath(kind)
		for _, u := range s.of(kind, namespace) {
			template, _, _ := unstructured.NestedMap(u.Object, path...)
			if metav1.GetControllerOf(u) == nil {
				add(u, template)
			}
		}
	}
	for _, u := range s.of("Pod", namespace) {
		if ended(u) {
			continue
		}
		w := byName[maker(u)]
		if w == nil {
			w = add(owner(u), nil)
		}
		w.pods = append(w.pods, examine(ctx, u, s, o))
	}
	all = slices.DeleteFunc(all, func(w *workload) bool { return !w.asks() })
	slices.SortFunc(all, func(a, b *workload) int {
		return cmp.Or(cmp.Compare(a.object.GetNamespace(), b.object.GetNamespace()), cmp.Compare(a.String(), b.String()))
	})
	return all
}

func ended(pod *unstructured.Unstructured) bool {
	phase := text(pod.Object, "status", "phase")
	return pod.GetDeletionTimestamp() != nil || phase == "Succeeded" || phase == "Failed"
}

// maker names the workload that has made a pod, as [workload.String] does. What is made
// by something that is made itself has its name, and more behind the last hyphen.
func maker(pod *unstructured.Unstructured) string {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return ""
	}
	kind, name := owner.Kind, owner.Name
	switch i := strings.LastIndex(name, "-"); {
	case kind == "ReplicaSet" && i > 0:
		kind, name = "Deployment", name[:i]
	case kind == "Job" && i > 0 && pod.GetLabels()["batch.kubernetes.io/cronjob-scheduled-timestamp"] != "":
		kind, name = "CronJob", name[:i]
	}
	return kind + " " + pod.GetNamespace() + "/" + name
}

// owner returns what has made a pod directly, by name, or the pod if nothing has.
func owner(pod *unstructured.Unstructured) *unstructured.Unstructured {
	by := metav1.GetControllerOf(pod)
	if by == nil {
		return pod
	}
	u := &unstructured.Unstructured{}
	u.SetKind(by.Kind)
	u.SetNamespace(pod.GetNamespace())
	u.SetName(by.Name)
	return u
}

// asks reports whether w has something of ours.
func (w *workload) asks() bool {
	metadata, _ := w.template["metadata"].(map[string]any)
	annotations, _, _ := unstructured.NestedStringMap(metadata, "annotations")
	if awsmesh.Requested(annotations) {
		return true
	}
	return slices.ContainsFunc(w.pods, func(p *pod) bool {
		return awsmesh.Requested(p.GetAnnotations()) || p.GetAnnotations()[awsmesh.AnnotationStatus] != "" || p.GetLabels()[awsmesh.LabelEgress] != ""
	})
}

// examine reads what the webhook has decided of a pod, and what it would decide now.
func examine(ctx context.Context, u *unstructured.Unstructured, s *Snapshot, o settings) *pod {
	p := &pod{Unstructured: u}
	if value, ok := u.GetAnnotations()[awsmesh.AnnotationStatus]; ok {
		if status, err := awsmesh.ParseStatus(value); err == nil {
			p.status = &status
		}
	}
	o, p.sure = o.judging(p.status, s.named("Namespace", "", u.GetNamespace()) != nil)
	p.now, p.err = decide(ctx, u.Object, u.GetNamespace(), s, o)
	if p.now != nil && p.status != nil && !p.sure { // what was not read is not judged
		p.now.Status.Endpoints = p.status.Endpoints
	}
	return p
}

// decide asks what the webhook makes of a pod, or of a template.
func decide(ctx context.Context, pod map[string]any, namespace string, s *Snapshot, o settings) (*mutate.Decision, error) {
	raw, err := json.Marshal(pod)
	if err != nil {
		return nil, err
	}
	ns := cmp.Or(s.named("Namespace", "", namespace), &unstructured.Unstructured{})
	o.NamespaceRegion = func(context.Context, string) (string, error) {
		return ns.GetAnnotations()[awsmesh.AnnotationRegion], nil
	}
	if o.waypoints {
		o.NamespaceLabels = func(context.Context, string) (map[string]string, error) { return ns.GetLabels(), nil }
	}
	d, err := mutate.Pod(ctx, raw, namespace, o.Options)
	if err != nil {
		return nil, err
	}
	return &d, nil
}

// proxy returns the sidecar's container, or nil.
func (p *pod) proxy() map[string]any {
	for _, c := range append(slice(p.Object, "spec", "initContainers"), slice(p.Object, "spec", "containers")...) {
		if text(c, "name") == "istio-proxy" {
			return c
		}
	}
	return nil
}
