package mutate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// statusOf says what was decided, for the controller and for a person.
func statusOf(list []site, r awsmesh.Request, side sidecar) awsmesh.Status {
	status := awsmesh.Status{
		InMesh:   r.Mode == awsmesh.Plaintext && carried(list, side),
		Reason:   reason(list, r, side),
		Mode:     r.Mode,
		Services: r.Services,
		Buckets:  r.Buckets,
	}
	status.Waypoint = status.InMesh && side.waypoint
	for _, s := range list {
		if s.skipped != "" {
			continue
		}
		if !slices.Contains(status.Endpoints, s.plan.Params) {
			status.Endpoints = append(status.Endpoints, s.plan.Params)
		}
		if len(s.kept) > 0 {
			if status.Kept == nil {
				status.Kept = make(map[string][]string)
			}
			status.Kept[s.Name] = s.kept
		}
	}
	slices.SortFunc(status.Endpoints, func(a, b endpoints.Params) int {
		return cmp.Or(strings.Compare(a.Region, b.Region), compareBool(a.FIPS, b.FIPS), compareBool(a.DualStack, b.DualStack))
	})
	return status
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// reason says for a person why the pod is in the mesh or not.
func reason(list []site, r awsmesh.Request, side sidecar) string {
	var b strings.Builder
	switch {
	case side.takes && !carried(list, side):
		b.WriteString("no container is left whose traffic the sidecar takes")
	case side.waypoint && r.Mode == awsmesh.Passthrough:
		b.WriteString("ambient, mode passthrough: the application originates TLS, ztunnel lets it out")
	case side.takes && r.Mode == awsmesh.Passthrough:
		b.WriteString("mode passthrough: the application originates TLS, the sidecar lets it out")
	default:
		b.WriteString(side.why)
	}
	for _, s := range list {
		if s.bypass != "" && b.Len() < maxReason {
			fmt.Fprintf(&b, "; container %s %s", endpoints.Quote(s.Name), s.bypass)
		}
	}
	return b.String()
}

// maxReason is the length, in bytes, from which no more containers are listed.
const maxReason = 512

func report(list []site) []Container {
	containers := make([]Container, len(list))
	for i, s := range list {
		containers[i] = Container{
			Name: s.Name, Skipped: s.skipped, Bypass: s.bypass,
			Plan: s.plan.Plan, RegionFrom: s.regionFrom, Env: s.env, Kept: s.kept,
		}
	}
	return containers
}
