package istio

import (
	"fmt"
	"strings"
	"testing"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// parts takes apart what Istio tells a proxy: clusters, listeners and their filter
// chains, routes and their virtual hosts, by names that tell which is which.
func (s sidecar) parts(t *testing.T) map[string][]byte {
	t.Helper()
	parts := map[string][]byte{}
	add := func(m proto.Message, format string, args ...any) {
		name := fmt.Sprintf(format, args...)
		if _, twice := parts[name]; twice {
			t.Errorf("two parts are called %q", name)
		}
		parts[name] = marshal(t, []proto.Message{m})
	}
	for name, c := range s.clusters {
		add(c, "cluster %s", name)
	}
	for name, l := range s.listeners {
		rest := proto.Clone(l).(*listenerv3.Listener)
		rest.FilterChains = nil
		add(rest, "listener %s", name)
		for _, c := range l.FilterChains {
			add(c, "listener %s chain %s %s", name, matches(c.FilterChainMatch), c.Name)
		}
	}
	for name, r := range s.routes {
		for _, v := range r.VirtualHosts {
			add(v, "route %s host %s", name, v.Name)
		}
		rest := proto.CloneOf(r)
		rest.VirtualHosts = nil
		add(rest, "route %s", name)
	}
	return parts
}

// matches says what a filter chain is for, in one line. protobuf varies the space in its
// text from one program to the next.
func matches(m *listenerv3.FilterChainMatch) string {
	return strings.Join(strings.Fields(prototext.MarshalOptions{}.Format(m)), " ")
}
