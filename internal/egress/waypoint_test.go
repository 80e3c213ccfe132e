package egress

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// Without a waypoint nothing is opened for ambient pods, and all is for the others.
func TestWithoutWaypoint(t *testing.T) {
	_, pods := planPods(namespace, decodePods(t, `
metadata: {name: ambient, annotations: {aws-mesh/status: '{"waypoint": true, "services": ["sqs"], "endpoints": [{"region": "eu-west-1"}]}'}}
---
metadata: {name: sidecar, annotations: {aws-mesh/status: '{"services": ["sns"], "endpoints": [{"region": "eu-west-1"}]}'}}
`), 1000)
	why := errors.New("no waypoint")
	e, pods := withoutWaypoint(namespace, pods, why)
	for _, h := range e.Hosts {
		if !strings.HasPrefix(h.Name, "sns.") || h.Waypoint {
			t.Errorf("%+v is open", h)
		}
	}
	if len(e.Hosts) == 0 {
		t.Error("the pod with a sidecar has no host")
	}
	for _, p := range pods {
		if ambient := p.pod.Name == "ambient"; errors.Is(p.err, why) != ambient || len(p.plans) > 0 == ambient {
			t.Errorf("%s: %v, %v", p.pod.Name, p.plans, p.err)
		}
	}
}

// Who is refused for his number of hosts is told that, though he is ambient.
func TestRefusedWithoutWaypoint(t *testing.T) {
	_, pods := planPods(namespace, decodePods(t, `
metadata: {name: ambient, annotations: {aws-mesh/status: '{"waypoint": true, "services": ["sqs", "sns"], "endpoints": [{"region": "eu-west-1"}]}'}}
`), 1)
	if slices.ContainsFunc(pods, podPlan.viaWaypoint) {
		t.Error("the pod takes hosts from a waypoint, and has none")
	}
	if _, pods = withoutWaypoint(namespace, pods, errors.New("no waypoint")); pods[0].err == nil || !strings.Contains(pods[0].err.Error(), "(limit 1)") {
		t.Errorf("error: %v", pods[0].err)
	}
}
