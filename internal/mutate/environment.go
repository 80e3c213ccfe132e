package mutate

import (
	"slices"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

const endpointURLPrefix = "AWS_ENDPOINT_URL_"

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
	if slices.Contains(s.kept, v.Name) {
		return false
	}
	return strings.HasPrefix(v.Name, awsmesh.EnvPrefix) ||
		strings.HasPrefix(v.Name, endpointURLPrefix) && strings.HasPrefix(v.Value, "http://") && strings.HasSuffix(v.Value, ":443")
}

// told returns the variables that s is to have, sorted.
func (s *site) told(r awsmesh.Request, side sidecar) []awsmesh.Var {
	var e awsmesh.Env
	if side.takes && s.bypass == "" {
		e = s.plan.Env()
	}
	vars := e.Vars()
	if e.InMesh && r.EndpointURLs {
		urls, _ := endpointURLs(s.plan)
		vars = append(vars, urls...)
	}
	if r.Region != "" && s.lacksRegion() {
		vars = append(vars, awsmesh.Var{Name: envRegion, Value: r.Region})
	}
	vars = slices.DeleteFunc(vars, func(v awsmesh.Var) bool {
		set, found := s.Env.find(v.Name)
		return found && !s.ours(set)
	})
	slices.SortFunc(vars, func(a, b awsmesh.Var) int { return strings.Compare(a.Name, b.Name) })
	return vars
}

func (s *site) lacksRegion() bool {
	_, region := s.Env.find(envRegion)
	_, fallback := s.Env.find(envDefaultRegion)
	return !region && !fallback && len(s.EnvFrom) == 0
}

// endpointURLs returns AWS_ENDPOINT_URL_<SERVICE> for the services of plan whose
// clients call no other host than the one it names, and the names of the others.
func endpointURLs(plan awsmesh.Plan) (vars []awsmesh.Var, unfit []string) {
	for _, service := range plan.Services {
		e, err := endpoints.Resolve(service, plan.Params)
		if err != nil || !fitsURL(e) {
			unfit = append(unfit, service)
			continue
		}
		vars = append(vars, awsmesh.Var{Name: endpointURLPrefix + e.Service.EnvSuffix(), Value: "http://" + e.Host + ":443"})
	}
	return vars, unfit
}

func fitsURL(e endpoints.Endpoint) bool {
	switch e.Service.Name {
	case "s3", "s3control", "sqs": // presigned, virtual-hosted and queue URLs are built from other names
		return false
	case "dynamodb", "sts": // with the variable set, clients call that host and no other
		return e.Host != ""
	}
	return len(e.Hosts) == 1 && e.Hosts[0] == e.Host
}
