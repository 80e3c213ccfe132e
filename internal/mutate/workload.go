package mutate

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// TemplatePath returns where the pod template is in a workload of that kind, and
// whether the kind has one. A Pod is its own template.
func TemplatePath(kind string) ([]string, bool) {
	switch kind {
	case "Pod":
		return nil, true
	case "PodTemplate":
		return []string{"template"}, true
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job":
		return []string{"spec", "template"}, true
	case "CronJob":
		return []string{"spec", "jobTemplate", "spec", "template"}, true
	}
	return nil, false
}

func (h *Handler) validate(ctx context.Context, r *request) (*response, error) {
	path, ok := TemplatePath(r.Kind.Kind)
	if !ok || !slices.Contains([]string{"", "apps", "batch"}, r.Kind.Group) {
		return reject("kind %s of group %s: not a workload of Kubernetes; mend the rules of aws-mesh's ValidatingWebhookConfiguration",
			endpoints.Quote(r.Kind.Kind), endpoints.Quote(r.Kind.Group)), nil
	}
	if r.untouched() {
		return allow(nil, nil)
	}
	if r.Operation != opCreate && r.Operation != opUpdate {
		return reject("operation %s: want CREATE or UPDATE", endpoints.Quote(r.Operation)), nil
	}
	template, err := descend(r.Object, path)
	if err != nil {
		return nil, err
	}
	before, err := descend(r.OldObject, path)
	if err != nil {
		return nil, err
	}
	// An old mistake must not be in the way of its controller, nor of a finalizer.
	if template == nil || bytes.Equal(template, before) {
		return allow(nil, nil)
	}
	d, err := Pod(ctx, template, r.Namespace, h.Options)
	if err != nil {
		return refuse(fmt.Errorf("%s %s: %w", r.Kind.Kind, endpoints.Quote(r.name()), err)), nil
	}
	return allow(nil, d.Warnings)
}

// descend returns what is at path in object, or nil if nothing is.
func descend(object jsontext.Value, path []string) (jsontext.Value, error) {
	for i, name := range path {
		if len(object) == 0 {
			return nil, nil
		}
		var fields map[string]jsontext.Value
		if err := decode(object, &fields); err != nil {
			return nil, fmt.Errorf("%q: %w", path[:i], err)
		}
		object = fields[name]
	}
	if object.Kind() == 'n' {
		return nil, nil
	}
	return object, nil
}
