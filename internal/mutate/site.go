package mutate

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// A site is one container of a pod, and what is found out about it on the way.
type site struct {
	*container
	path    string // JSON pointer
	init    bool
	index   int    // in its list
	skipped string // why it is left alone, or empty
	bypass  string // why the sidecar does not take its traffic, or empty

	region     string
	regionFrom string
	plan       awsmesh.Plan

	env  []awsmesh.Var // what it is told
	kept []string      // what it says itself
}

// sites lists the containers of p in pod order, without those that skip names.
// Istio's own are always left alone.
func sites(p *pod, skip []string) []site {
	var list []site
	add := func(containers []container, field string, init bool) {
		for i := range containers {
			s := site{container: &containers[i], init: init, index: i, path: "/spec/" + field + "/" + strconv.Itoa(i)}
			switch {
			case s.Name == proxyName || s.Name == initName || s.Name == validationName:
				s.skipped = "Istio's own"
			case slices.Contains(skip, s.Name):
				s.skipped = "named in " + awsmesh.AnnotationSkipContainers
			}
			list = append(list, s)
		}
	}
	add(p.Spec.InitContainers, "initContainers", true)
	add(p.Spec.Containers, "containers", false)
	return list
}

// knowsSidecar reports whether s is told by what it knows the sidecar's answers.
func (s site) knowsSidecar() bool { return slices.Contains(s.env, awsmesh.PodUID()) }

// proxy reports whether s is the sidecar.
func (s site) proxy() bool { return s.Name == proxyName && (!s.init || s.RestartPolicy == always) }

// checkSkips looks for names in skip that no container has. One that is nearly a
// container's is taken for a typo; any other may be put there by another webhook.
func checkSkips(list []site, skip []string) (warnings []string, err error) {
	var errs []error
	for _, name := range skip {
		if slices.ContainsFunc(list, func(s site) bool { return s.Name == name }) {
			continue
		}
		if near := nearest(name, list); near != "" {
			errs = append(errs, fmt.Errorf("no container %s (did you mean %q?)", endpoints.Quote(name), near))
			continue
		}
		warnings = append(warnings, fmt.Sprintf("annotation %s: no container %s (yet)", awsmesh.AnnotationSkipContainers, endpoints.Quote(name)))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, &awsmesh.AnnotationError{Key: awsmesh.AnnotationSkipContainers, Err: err}
	}
	return warnings, nil
}

// maxName is the longest name of a container, in bytes.
const maxName = 63

// nearest returns the name of the container that name was probably meant for, or "". It
// is stricter than a mere suggestion, since it has the pod refused.
func nearest(name string, list []site) string {
	best, found := min(2, len(name)/3)+1, ""
	for _, s := range list {
		if max(len(name), len(s.Name)) > maxName {
			continue
		}
		if d := endpoints.Edits(name, s.Name); d < best {
			best, found = d, s.Name
		}
	}
	return found
}
