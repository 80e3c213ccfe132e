package mutate

import (
	"cmp"
	"fmt"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// The containers of Istio's injector, and its user: traffic of that user or group
// is taken for the proxy's own.
const (
	proxyName      = "istio-proxy"
	initName       = "istio-init"
	validationName = "istio-validation" // instead of istio-init where Istio's CNI plugin redirects
	proxyUser      = 1337
)

const always = "Always" // restartPolicy of a native sidecar

// A sidecar says whether a pod's sidecar takes its traffic to port 443, or the waypoint
// that an ambient pod has in its place.
type sidecar struct {
	takes    bool
	waypoint bool
	why      string // for a person
	native   int    // its index among the init containers; -1: it is an ordinary container
	redirect int    // index of the init container that begins to redirect; -1: unknown
	capture  capture
}

func findSidecar(p *pod) sidecar {
	s := sidecar{native: -1, redirect: -1}
	proxy := s.locate(p)
	switch {
	case p.Spec.HostNetwork:
		s.why = "hostNetwork: the pod is on its node's network, out of any sidecar's reach"
	case proxy == nil && p.Metadata.Labels != nil && p.Metadata.Labels.Dataplane == awsmesh.Ambient:
		s.why = "ambient: the pod has no sidecar, so its application originates TLS"
	case proxy == nil:
		s.why = "no istio-proxy container: the pod is not in the mesh (yet)"
	default:
		s.capture = captureOf(p, s.redirect)
		s.why = cmp.Or(proxyBypass(proxy), s.capture.bypass())
		s.takes = s.why == ""
	}
	if s.takes {
		s.why = "the sidecar takes port 443"
	}
	return s
}

func (p *pod) hasProxy() bool { return new(sidecar).locate(p) != nil }

// locate finds the sidecar and what redirects traffic to it.
func (s *sidecar) locate(p *pod) *container {
	var proxy *container
	for i := range p.Spec.InitContainers {
		switch c := &p.Spec.InitContainers[i]; {
		case c.Name == proxyName && c.RestartPolicy == always:
			proxy, s.native = c, i
		case c.Name == initName || c.Name == validationName:
			s.redirect = i
		}
	}
	for i := range p.Spec.Containers {
		if c := &p.Spec.Containers[i]; c.Name == proxyName {
			proxy = c
		}
	}
	return proxy
}

// proxyBypass returns why a container named istio-proxy is no sidecar that takes
// traffic, or "".
func proxyBypass(proxy *container) string {
	if args := proxy.args(); len(args) > 1 && args[0] == "proxy" && args[1] != "sidecar" {
		return fmt.Sprintf("istio-proxy runs as a %s, not as a sidecar", args[1])
	}
	if v, _ := proxy.Env.find("ISTIO_META_GENERATOR"); v.Value == "grpc" {
		return "istio-proxy is a gRPC agent: nothing is redirected to it"
	}
	if v, _ := proxy.Env.find("ISTIO_META_INTERCEPTION_MODE"); v.Value == "NONE" {
		return "interceptionMode NONE: nothing is redirected to the sidecar"
	}
	return ""
}

// bypass returns why the traffic of one container does not go through the sidecar of
// its pod, or "". For an init container, index is its place.
func (s sidecar) bypass(p *pod, c *container, init bool, index int) string {
	switch {
	case s.waypoint: // traffic is redirected before any container starts, whatever its user
		return ""
	case runsAsProxy(p, c):
		return fmt.Sprintf("runs as user or group %d: its traffic is taken for the sidecar's own", proxyUser)
	case !init:
		return ""
	case s.native >= 0 && index < s.native, s.native < 0 && c.RestartPolicy != always:
		return "runs before the sidecar"
	case s.native < 0 && (s.redirect < 0 || index < s.redirect):
		return "starts before traffic is redirected to the sidecar"
	}
	return ""
}

func runsAsProxy(p *pod, c *container) bool {
	is := func(own, pods *int64) bool {
		if own == nil {
			own = pods
		}
		return own != nil && *own == proxyUser
	}
	return is(c.SecurityContext.RunAsUser, p.Spec.SecurityContext.RunAsUser) ||
		is(c.SecurityContext.RunAsGroup, p.Spec.SecurityContext.RunAsGroup)
}
