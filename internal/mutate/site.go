package mutate

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	plan       planned

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

// checkSize refuses a pod of which not all is in list.
func checkSize(list []site) error {
	if len(list) > maxContainers {
		return fmt.Errorf("more than %d containers: too many for a pod with annotation %s", maxContainers, awsmesh.AnnotationServices)
	}
	for _, s := range list {
		if len(s.Env.Vars) > maxVars {
			return fmt.Errorf("container %s: more than %d variables AWS_… and ISTIO_META_…: too many for a pod with annotation %s",
				endpoints.Quote(s.Name), maxVars, awsmesh.AnnotationServices)
		}
	}
	return nil
}

// knowsSidecar reports whether s is told by what it knows the sidecar's answers.
func (s site) knowsSidecar() bool { return slices.Contains(s.env, awsmesh.PodUID()) }

// proxy reports whether s is the sidecar.
func (s site) proxy() bool { return s.Name == proxyName && (!s.init || s.RestartPolicy == always) }

// checkSkips looks for names in skip that no container has. One that is nearly a
// container's is taken for a typo; any other may be put there by another webhook.
func checkSkips(list []site, skip []string) (warnings []string, err error) {
	absent := slices.DeleteFunc(slices.Clone(skip), func(name string) bool {
		return slices.ContainsFunc(list, func(s site) bool { return s.Name == name })
	})
	var typos []string
	for _, name := range absent[:min(len(absent), maxAbsent)] {
		if near := nearest(name, list); near != "" {
			typos = append(typos, fmt.Sprintf("no container %s (did you mean %q?)", endpoints.Quote(name), near))
			continue
		}
		warnings = append(warnings, fmt.Sprintf("annotation %s: no container %s (yet)", awsmesh.AnnotationSkipContainers, endpoints.Quote(name)))
	}
	if typos != nil {
		return nil, &awsmesh.AnnotationError{Key: awsmesh.AnnotationSkipContainers, Err: errors.New(strings.Join(typos, "; "))}
	}
	if more := len(absent) - maxAbsent; more > 0 {
		warnings = append(warnings, fmt.Sprintf("annotation %s: stopped here; %d more names of no container not checked", awsmesh.AnnotationSkipContainers, more))
	}
	return warnings, nil
}

// maxAbsent is how many names of no container are compared with those that there are.
const maxAbsent = 10

// maxName is the longest name of a container, in bytes.
const maxName = 63

// nearest returns the name of the container that name was probably meant for, or "". It
// is stricter than a mere suggestion, since it has the pod refused.
func nearest(name string, list []site) string {
	best, found := min(2, len(name)/3)+1, ""
	for _, s := range list {
		longer := max(len(name), len(s.Name))
		if longer > maxName || longer-min(len(name), len(s.Name)) >= best { // so many edits at least
			continue
		}
		if d := endpoints.EditDistance(name, s.Name); d < best {
			best, found = d, s.Name
		}
	}
	return found
}
