package mutate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// A capture is which outbound traffic is redirected to the sidecar, in the form of
// Istio's settings.
type capture struct {
	source       string // where it was read
	mode         string // REDIRECT, TPROXY or NONE
	includePorts string
	excludePorts string
	ranges       string // included; "*" is all
	except       string // excluded ranges
}

// captureOf reads the arguments of the container that redirects, as they are what is
// done; the annotations, which the injector makes them from, stand in for it.
func captureOf(p *pod, redirect int) capture {
	if redirect >= 0 {
		if c := &p.Spec.InitContainers[redirect]; len(c.args()) > 0 {
			return captureArgs(c.Name, c.args())
		}
	}
	a := p.Metadata.Annotations
	c := capture{
		source:       "the pod's annotations",
		mode:         a["sidecar.istio.io/interceptionMode"],
		includePorts: a["traffic.sidecar.istio.io/includeOutboundPorts"],
		excludePorts: a["traffic.sidecar.istio.io/excludeOutboundPorts"],
		ranges:       "*",
		except:       a[excludeRanges],
	}
	if v, ok := a["traffic.sidecar.istio.io/includeOutboundIPRanges"]; ok {
		c.ranges = v
	}
	return c
}

// captureArgs reads the arguments of istio-iptables.
// Source: istio.io/istio/tools/istio-iptables/pkg/cmd/root.go
func captureArgs(name string, args []string) capture {
	c := capture{source: name}
	for i, arg := range args {
		flag, value, joined := strings.Cut(arg, "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		switch flag {
		case "-m", "--istio-inbound-interception-mode":
			c.mode = value
		case "-q", "--istio-outbound-ports":
			c.includePorts = value
		case "-o", "--istio-local-outbound-ports-exclude":
			c.excludePorts = value
		case "-i", "--istio-service-cidr":
			c.ranges = value
		case "-x", "--istio-service-exclude-cidr":
			c.except = value
		}
	}
	return c
}

// bypass returns why port 443 is not redirected, or "". The order is that of Istio's
// rules: excluded ports, excluded ranges, included ports, included ranges.
func (c capture) bypass() string {
	whole := []string{"0.0.0.0/0", "::/0", "*"}
	switch i := slices.IndexFunc(whole, func(r string) bool { return contains(c.except, r) }); {
	case c.mode == "NONE":
		return fmt.Sprintf("interceptionMode NONE (%s): nothing is redirected to the sidecar", c.source)
	case contains(c.excludePorts, "443"):
		return fmt.Sprintf("excludeOutboundPorts %s (%s): port 443 bypasses the sidecar", endpoints.Quote(c.excludePorts), c.source)
	case i >= 0:
		return fmt.Sprintf("excludeOutboundIPRanges %q (%s): AWS's addresses bypass the sidecar", whole[i], c.source)
	case contains(c.includePorts, "443"), contains(c.ranges, "*"), contains(c.ranges, "0.0.0.0/0"):
		return ""
	}
	return fmt.Sprintf("includeOutboundIPRanges %s (%s): AWS's addresses are not among them, so they bypass the sidecar", endpoints.Quote(c.ranges), c.source)
}

// contains reports whether a comma-separated list has item.
func contains(list, item string) bool {
	for v := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(v) == item {
			return true
		}
	}
	return false
}
