package mutate

import (
	"context"
	"fmt"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

func (h *Handler) mutate(ctx context.Context, r *request) (*response, error) {
	if r.Resource != (groupResource{Version: "v1", Resource: "pods"}) {
		return reject("resource %s: only v1 pods are answered here; mend the rules of aws-mesh's MutatingWebhookConfiguration", endpoints.Quote(r.Resource.String())), nil
	}
	switch {
	case r.untouched(), r.Operation == opUpdate: // the environment of a pod that exists cannot change
		return allow(nil, nil)
	case r.Operation == opCreate:
		return h.create(ctx, r)
	}
	return reject("operation %s: want CREATE", endpoints.Quote(r.Operation)), nil
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
