package mutate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

const (
	endpointURLPrefix = awsmesh.EnvEndpointURL
	envEndpointURL    = "AWS_ENDPOINT_URL" // where all services are: a stand-in for AWS
)

// own returns the variables of the contract in s, sorted, each once.
func (s *site) own() []string {
	var names []string
	for _, v := range s.Env.Vars {
		if contract(v.Name) {
			names = append(names, v.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func contract(name string) bool {
	return strings.HasPrefix(name, awsmesh.EnvPrefix) || strings.HasPrefix(name, endpointURLPrefix)
}

// ours reports whether the webhook wrote v, in an earlier call.
func (s *site) ours(v variable) bool {
	if _, kept := slices.BinarySearch(s.kept, v.Name); kept {
		return false
	}
	return strings.HasPrefix(v.Name, awsmesh.EnvPrefix) ||
		strings.HasPrefix(v.Name, endpointURLPrefix) && strings.HasPrefix(v.Value, "http://") && strings.HasSuffix(v.Value, ":443")
}

// told returns the variables that s is to have, those of the contract first, sorted.
func (s *site) told(r awsmesh.Request, side sidecar) []awsmesh.Var {
	vars, carried := awsmesh.Env{}.Vars(), side.takes && s.bypass == ""
	if carried {
		vars = slices.Clone(s.plan.vars)
	}
	proven := side.takes && !side.waypoint && r.Mode == awsmesh.Plaintext
	if proven { // a container that says itself to be in the mesh needs it too
		vars = append(vars, awsmesh.PodUID())
	}
	if proven && carried && !s.declinesURLs() {
		vars = append(vars, s.plan.urls...)
	}
	vars = slices.DeleteFunc(vars, func(v awsmesh.Var) bool {
		set, found := s.Env.find(v.Name)
		return found && !s.ours(set)
	})
	slices.SortFunc(vars, func(a, b awsmesh.Var) int { return strings.Compare(a.Name, b.Name) })
	if r.Region != "" && s.lacksRegion() { // the region is the container's own from now on; boto3 reads the second name only
		vars = append(vars, awsmesh.Var{Name: envRegion, Value: r.Region}, awsmesh.Var{Name: envDefaultRegion, Value: r.Region})
	}
	return vars
}

// maxTold bounds what the containers of a pod are told, in bytes. The API server stores no
// object of more than 1.5 MiB.
const maxTold = 1 << 20

func tooMuchTold(r awsmesh.Request) error {
	return &awsmesh.AnnotationError{Key: awsmesh.AnnotationServices, Err: fmt.Errorf(
		"the variables of %d services for each container are longer than %d bytes: list fewer, or name containers in %s",
		len(r.Services), maxTold, awsmesh.AnnotationSkipContainers)}
}

func bytesOf(vars []awsmesh.Var) int {
	n := 0
	for _, v := range vars {
		n += len(v.Name) + len(v.Value) + len(v.FieldPath)
	}
	return n
}

func (s *site) lacksRegion() bool {
	_, region := s.Env.find(envRegion)
	_, fallback := s.Env.find(envDefaultRegion)
	return !region && !fallback && len(s.EnvFrom) == 0
}

// declinesURLs reports whether s says itself that its calls are not for the sidecar.
func (s *site) declinesURLs() bool {
	_, elsewhere := s.Env.find(envEndpointURL)
	inMesh, set := s.Env.find(awsmesh.EnvInMesh)
	return elsewhere || set && !s.ours(inMesh) && inMesh.Value != "true"
}
