package mutate

import (
	"context"
	"fmt"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

func (h *Handler) mutate(ctx context.Context, r *request) (*response, error) {
	if r.Resource != (groupResource{Version: "v1", Resource: "pods"}) {
		return reject("resource %s: only v1 pods are answered here; mend the rules of aws-mesh's MutatingWebhookConfiguration", endpoints.Quote(r.Resource.String())), nil
	}
	if r.untouched() {
		return allow(nil, nil)
	}
	switch r.Operation {
	case opCreate:
		return h.create(ctx, r)
	case opUpdate:
		return update(r)
	}
	return reject("operation %s: want CREATE or UPDATE", endpoints.Quote(r.Operation)), nil
}

func (g groupResource) String() string {
	return g.Group + "/" + g.Version + "/" + g.Resource
}

func (h *Handler) create(ctx context.Context, r *request) (*response, error) {
	d, err := Pod(ctx, r.Object, r.Namespace, h.Options)
	if err != nil {
		return refuse(fmt.Errorf("pod %s: %w", endpoints.Quote(r.name()), err)), nil
	}
	return allow(d.Patch, d.Warnings)
}

// name returns what the object of r is called: by its generateName as long as it has no
// name.
func (r *request) name() string {
	var o struct {
		Metadata struct {
			Name         string `json:"name"`
			GenerateName string `json:"generateName"`
		} `json:"metadata"`
	}
	if err := decode(r.Object, &o); err != nil {
		return ""
	}
	if o.Metadata.Name == "" {
		return o.Metadata.GenerateName
	}
	return o.Metadata.Name
}

// update keeps the label and the status of a live pod as they were: its environment
// cannot change any more, so nor can what was decided.
func update(r *request) (*response, error) {
	var before, after pod
	if err := decode(r.OldObject, &before); err != nil {
		return nil, fmt.Errorf("the old object is not a pod: %w", err)
	}
	if err := decode(r.Object, &after); err != nil {
		return nil, fmt.Errorf("not a pod: %w", err)
	}
	return allow(restore(before.Metadata, after.Metadata), frozen(before.Metadata.Annotations, after.Metadata.Annotations))
}

// restore gives after the label and the status of before, if that opted in.
func restore(before, after metadata) []jsonpatch.Operation {
	decided, ok := before.Annotations[awsmesh.AnnotationStatus]
	if !ok || !awsmesh.Requested(before.Annotations) {
		return withdraw(after)
	}
	ops := setLabel(after.Labels, before.Labels != nil && before.Labels.Egress != nil && *before.Labels.Egress == "true")
	if after.Annotations == nil {
		return append(ops, jsonpatch.Operation{Operation: "add", Path: "/metadata/annotations",
			Value: map[string]string{awsmesh.AnnotationStatus: decided}})
	}
	return append(ops, setAnnotation(after.Annotations, awsmesh.AnnotationStatus, decided)...)
}

// frozen warns of a change that comes too late.
func frozen(before, after map[string]string) []string {
	for _, key := range []string{
		awsmesh.AnnotationServices, awsmesh.AnnotationRegion, awsmesh.AnnotationMode, awsmesh.AnnotationS3Buckets,
		awsmesh.AnnotationSkipContainers, awsmesh.AnnotationEndpointURLs,
	} {
		if before[key] != after[key] {
			return []string{fmt.Sprintf("annotation %s: a change has no effect on a pod that exists; replace the pod", key)}
		}
	}
	return nil
}
