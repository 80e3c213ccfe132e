package mutate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// warnings returns what the author of a container should know.
func (s *site) warnings(r awsmesh.Request) []string {
	var list []string
	warn := func(format string, args ...any) {
		list = append(list, fmt.Sprintf("container %s: ", endpoints.Quote(s.Name))+fmt.Sprintf(format, args...))
	}
	for _, name := range s.kept {
		if strings.HasPrefix(name, awsmesh.EnvPrefix) {
			warn("sets %s itself, and it stays", name)
		}
	}
	if v, _ := s.Env.find(envRegion); r.Region != "" && v.Value != "" && v.Value != r.Region && !v.dynamic() {
		warn("%s is %s, but annotation %s says %q: calls to the former are not covered",
			envRegion, endpoints.Quote(v.Value), awsmesh.AnnotationRegion, r.Region)
	}
	if len(s.EnvFrom) > 0 && !strings.HasPrefix(s.regionFrom, "annotation") && !strings.HasPrefix(s.regionFrom, "AWS_") {
		warn("region %s is from %s; if envFrom sets %s, set annotation %s",
			s.region, s.regionFrom, envRegion, awsmesh.AnnotationRegion)
	}
	for _, name := range []string{envFIPS, envDualStack} {
		if v, _ := s.Env.find(name); v.dynamic() {
			warn("%s comes from elsewhere (valueFrom or $(…)) and is taken for false", name)
		}
	}
	return list
}

func endpointWarnings(list []site, r awsmesh.Request, side sidecar) []string {
	if !r.EndpointURLs {
		return nil
	}
	if r.Mode == awsmesh.Passthrough {
		return []string{fmt.Sprintf("annotation %s has no effect in mode passthrough", awsmesh.AnnotationEndpointURLs)}
	}
	if side.waypoint {
		return []string{fmt.Sprintf("annotation %s has no effect in ambient mode: its plaintext would not be proven to reach a waypoint", awsmesh.AnnotationEndpointURLs)}
	}
	unfit := map[string][]string{} // by the reason
	for _, s := range list {
		if s.skipped == "" {
			for service, why := range s.plan.unfit {
				unfit[why] = append(unfit[why], service)
			}
		}
	}
	var all []string
	for _, why := range slices.Sorted(maps.Keys(unfit)) {
		slices.Sort(unfit[why])
		all = append(all, fmt.Sprintf("annotation %s: not for %s: %s; without our Go packages use %s: %s",
			awsmesh.AnnotationEndpointURLs, strings.Join(slices.Compact(unfit[why]), ", "), why, awsmesh.AnnotationMode, awsmesh.Passthrough))
	}
	return all
}

// warnings tells of a sidecar that was injected before the annotation was there.
func (c capture) warnings() []string {
	missing := strings.Join(unexcluded(c.except), ", ")
	// Where those of IPv6 alone are missing, an earlier version excluded the others, or a
	// mesh did that has no IPv6.
	if c.source != initName || !strings.Contains(missing, "169.254.") {
		return nil
	}
	return []string{"Istio's injector ran before aws-mesh, so istio-init does not exclude the credential endpoints " + missing +
		": let the name of aws-mesh's webhook configuration sort before Istio's"}
}

// stray returns a warning for annotations that do nothing, as the pod does not opt in.
func stray(annotations map[string]string) []string {
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		if strings.HasPrefix(key, awsmesh.AnnotationPrefix) && key != awsmesh.AnnotationStatus {
			return []string{fmt.Sprintf("annotation %s has no effect without %s", key, awsmesh.AnnotationServices)}
		}
	}
	return nil
}
