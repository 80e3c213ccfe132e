package awsmesh

import (
	"slices"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// A Plan is what the AWS calls of one container need: the hosts, and how they are
// reached.
type Plan struct {
	Mode     Mode
	Services []string         // canonical names, sorted
	Params   endpoints.Params // region and endpoint variant
	Hosts    []string         // exact names and "*.suffix" patterns, sorted, each once
	Waypoint bool             // the pod is ambient: the TLS is a waypoint's, not a sidecar's
}

// PlanFor resolves the services of r for one container. Its error is an
// [*AnnotationError] for the annotation that has to change; it wraps what
// [endpoints.Resolve] reports.
func PlanFor(r Request, params endpoints.Params) (Plan, error) {
	if err := endpoints.CheckRegion(params.Region); err != nil {
		return Plan{}, &AnnotationError{Key: AnnotationRegion, Err: err}
	}
	plan := Plan{Mode: r.Mode, Services: r.Services, Params: params}
	var errs []error
	for _, service := range r.Services {
		e, err := endpoints.Resolve(service, params)
		switch {
		case err != nil && len(errs) < maxMistakes:
			errs = append(errs, err)
		case err != nil:
		case service == "s3" && len(r.Buckets) > 0:
			plan.Hosts = append(plan.Hosts, bucketHosts(e, r.Buckets)...)
		default:
			plan.Hosts = append(plan.Hosts, e.Hosts...)
		}
	}
	if err := joinLine(errs); err != nil {
		return Plan{}, &AnnotationError{Key: AnnotationServices, Err: err}
	}
	slices.Sort(plan.Hosts)
	plan.Hosts = slices.Compact(plan.Hosts)
	return plan, nil
}

// With returns r with one more service, named canonically.
func (r Request) With(service string) Request {
	if i, found := slices.BinarySearch(r.Services, service); !found {
		r.Services = slices.Insert(slices.Clone(r.Services), i, service)
	}
	return r
}

// MatchHost reports whether host, without a port, is named by one of the patterns:
// the same name, or any name below the suffix of a "*.suffix". Case and a final dot
// do not matter.
func MatchHost(patterns []string, host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return slices.ContainsFunc(patterns, func(p string) bool {
		if suffix, wild := strings.CutPrefix(p, "*"); wild {
			return len(host) > len(suffix) && strings.HasSuffix(host, suffix)
		}
		return host == p
	})
}
