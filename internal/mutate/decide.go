package mutate

import (
	"context"
	"errors"
	"slices"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// Options are the cluster's defaults.
type Options struct {
	// DefaultRegion is the region of containers for which nothing else gives one. Empty: none.
	DefaultRegion string

	// NamespaceRegion returns the value of the namespace's annotation aws-mesh/region, or
	// "". It is called only when it decides. Nil: namespaces are not consulted.
	NamespaceRegion func(ctx context.Context, namespace string) (string, error)

	// NamespaceLabels returns the labels of a namespace. It is called for pods without a
	// sidecar, which may be ambient. Nil: ambient pods originate TLS themselves.
	NamespaceLabels func(ctx context.Context, namespace string) (map[string]string, error)

	// ExcludeIPRanges is the mesh's own global.proxy.excludeIPRanges, comma-separated.
	// The annotation that lets credentials out replaces it, so it is repeated there.
	ExcludeIPRanges string
}

// A Decision is what a pod needs.
type Decision struct {
	Patch      []jsonpatch.Operation // nil: nothing to do
	Status     awsmesh.Status        // zero: the pod did not opt in
	Containers []Container           // in pod order, init containers first
	Warnings   []string              // for the person who wrote the annotations
}

// A Container is what one container is told, and why.
type Container struct {
	Name       string
	Skipped    string // why it is left alone, or empty
	Bypass     string // why the pod's sidecar does not take its traffic, or empty
	Plan       awsmesh.Plan
	RegionFrom string        // "annotation aws-mesh/region", "AWS_REGION", "AWS_DEFAULT_REGION", "namespace", "--default-region" or "container <name>"
	Env        []awsmesh.Var // what the webhook sets
	Kept       []string      // variables of the contract that the container sets itself
}

// Pod decides what a pod in namespace needs, from its JSON or from a pod template's.
// The error is for the person who wrote the annotations.
func Pod(ctx context.Context, raw []byte, namespace string, o Options) (Decision, error) {
	var p pod
	if err := decode(raw, &p); err != nil {
		return Decision{}, misshapen(err)
	}
	if !awsmesh.Requested(p.Metadata.Annotations) {
		if err := awsmesh.CheckKeys(p.Metadata.Annotations); err != nil {
			return Decision{}, err
		}
		return Decision{Patch: withdraw(p.Metadata), Warnings: stray(p.Metadata.Annotations)}, nil
	}
	r, err := awsmesh.ParseRequest(p.Metadata.Annotations)
	if err != nil {
		return Decision{}, err
	}
	if usesIRSA(&p) {
		r = r.With("sts")
	}
	list := sites(&p, r.SkipContainers)
	if err := checkSize(list); err != nil {
		return Decision{}, err
	}
	warnings, err := checkSkips(list, r.SkipContainers)
	if err == nil {
		err = locate(ctx, list, r, namespace, o)
	}
	if err == nil {
		err = plan(list, r)
	}
	if err != nil {
		return Decision{}, err
	}
	side, err := o.carrier(ctx, &p, namespace)
	if err != nil {
		return Decision{}, err
	}
	return answer(&p, side, list, r, warnings, o)
}

// A planned is a plan with what it has its containers told: put in words once, as all
// services of a region take tens of kilobytes.
type planned struct {
	awsmesh.Plan
	vars  []awsmesh.Var     // of its Env
	urls  []awsmesh.Var     // AWS_ENDPOINT_URL_<SERVICE>, if asked for
	unfit map[string]string // services without one, and why
}

// plan resolves the services for each site.
func plan(list []site, r awsmesh.Request) error {
	var errs []error
	var known []planned
	for i := range list {
		s := &list[i]
		if s.skipped != "" {
			continue
		}
		want := params(s.container, s.region)
		j := slices.IndexFunc(known, func(p planned) bool { return p.Params == want })
		if j < 0 {
			p, err := awsmesh.PlanFor(r, want)
			if err != nil {
				errs = append(errs, err)
			}
			p.Params = want
			j, known = len(known), append(known, inWords(p, r))
		}
		s.plan = known[j]
	}
	return errors.Join(errs...)
}

func inWords(p awsmesh.Plan, r awsmesh.Request) planned {
	w := planned{Plan: p, vars: p.Env().Vars()}
	if r.EndpointURLs {
		w.urls, w.unfit = p.EndpointURLs()
	}
	return w
}

// answer says what each container is told, and writes it down.
func answer(p *pod, side sidecar, list []site, r awsmesh.Request, warnings []string, o Options) (Decision, error) {
	before, again := previous(p.Metadata.Annotations)
	size := 0
	for i := range list {
		s := &list[i]
		if s.skipped != "" {
			continue
		}
		s.kept = s.own()
		if again {
			s.kept = intersect(s.kept, before.Kept[s.Name])
		}
		if side.takes {
			s.bypass = side.bypass(p, s.container, s.init, s.index)
		}
		s.env = s.told(r, side)
		if size += bytesOf(s.env); size > maxTold {
			return Decision{}, tooMuchTold(r)
		}
		warnings = append(warnings, s.warnings(r)...)
	}
	status := statusOf(list, r, side)
	if i := slices.IndexFunc(list, site.proxy); i >= 0 && slices.ContainsFunc(list, site.knowsSidecar) {
		list[i].env = []awsmesh.Var{awsmesh.PodUID()}
	}
	warnings = append(warnings, endpointWarnings(list, r, side)...)
	warnings = append(warnings, side.capture.warnings()...)
	return Decision{
		Patch:      patch(p, list, status, carried(list, side) && (status.InMesh || !side.waypoint), o),
		Status:     status,
		Containers: report(list),
		Warnings:   slices.Compact(warnings),
	}, nil
}

// carried reports whether the sidecar takes the AWS traffic of any container.
func carried(list []site, side sidecar) bool {
	return side.takes && slices.ContainsFunc(list, func(s site) bool { return s.skipped == "" && s.bypass == "" })
}
