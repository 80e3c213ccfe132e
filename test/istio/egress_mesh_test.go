package istio

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"

	meshconfig "istio.io/api/mesh/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	"istio.io/istio/pilot/test/xdstest"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/schema/collections"
)

// parse reads objects as istiod does, and demands that Istio's validation has nothing
// against them, not even a warning.
func parse(t *testing.T, text string) []config.Config {
	t.Helper()
	configs, unknown, err := crd.ParseInputs(text)
	if err != nil || len(unknown) > 0 {
		t.Fatalf("%v, unknown: %v", err, unknown)
	}
	for _, c := range configs {
		schema, _ := collections.Pilot.FindByGroupVersionAliasesKind(c.GroupVersionKind)
		if warning, err := schema.ValidateConfig(c); warning != nil || err != nil {
			t.Errorf("%s %s: warning: %v, error: %v", c.GroupVersionKind.Kind, c.Name, warning, err)
		}
	}
	return configs
}

// A sidecar is what Istio tells the Envoy of one pod, by name.
type sidecar struct {
	clusters  map[string]*clusterv3.Cluster
	listeners map[string]*listenerv3.Listener
	routes    map[string]*routev3.RouteConfiguration
	bytes     []byte // all of it
}

// The policies for what a mesh does not know.
const (
	allowAny     = meshconfig.MeshConfig_OutboundTrafficPolicy_ALLOW_ANY
	registryOnly = meshconfig.MeshConfig_OutboundTrafficPolicy_REGISTRY_ONLY
)

var policies = []policy{allowAny, registryOnly}

type policy = meshconfig.MeshConfig_OutboundTrafficPolicy_Mode

// meshConfig is that of a mesh that asks for all that AWS must be spared: retries, and
// HTTP/2 whatever the server can do.
func meshConfig(p policy) *meshconfig.MeshConfig {
	m := mesh.DefaultMeshConfig()
	m.OutboundTrafficPolicy = &meshconfig.MeshConfig_OutboundTrafficPolicy{Mode: p}
	m.DefaultHttpRetryPolicy = &networking.HTTPRetry{Attempts: 5, RetryOn: "5xx,reset"}
	m.H2UpgradePolicy = meshconfig.MeshConfig_UPGRADE
	return m
}

// sidecars returns what Istio generates from objects for a pod of each namespace.
func sidecars(t *testing.T, p policy, objects []config.Config, namespaces ...string) []sidecar {
	t.Helper()
	istiod := istiod{core.NewConfigGenTest(t, core.TestOptions{Configs: objects, MeshConfig: meshConfig(p)})}
	var all []sidecar
	for _, namespace := range namespaces {
		all = append(all, istiod.tell(t, &model.Proxy{ConfigNamespace: namespace}))
	}
	return all
}

// An istiod is Istio's own configuration generator, with what it was given.
type istiod struct{ *core.ConfigGenTest }

// tell returns what a proxy gets, which stays as it is.
func (i istiod) tell(t *testing.T, p *model.Proxy) sidecar {
	t.Helper()
	proxy := i.SetupProxy(&model.Proxy{
		Type: p.Type, ConfigNamespace: p.ConfigNamespace, IPAddresses: p.IPAddresses, Labels: p.Labels,
		Metadata: &model.NodeMetadata{IstioVersion: "1.31.0", Labels: p.Labels},
	})
	clusters, listeners, routes := i.Clusters(proxy), i.Listeners(proxy), i.Routes(proxy)
	xdstest.ValidateClusters(t, clusters)
	if p.Type != model.Waypoint { // Envoy's internal listeners have no address
		xdstest.ValidateListeners(t, listeners)
	}
	xdstest.ValidateRouteConfigurations(t, routes)
	s := sidecar{
		clusters:  xdstest.ExtractClusters(clusters),
		listeners: map[string]*listenerv3.Listener{},
		routes:    xdstest.ExtractRouteConfigurations(routes),
		bytes:     slices.Concat(marshal(t, clusters), marshal(t, listeners), marshal(t, routes)),
	}
	for _, l := range listeners {
		s.listeners[l.Name] = l
	}
	return s
}

// marshal ignores the order of messages: Istio's own is that of a map.
func marshal[M proto.Message](t *testing.T, messages []M) []byte {
	t.Helper()
	var all [][]byte
	for _, m := range messages {
		out, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, out)
	}
	slices.SortFunc(all, bytes.Compare)
	return slices.Concat(all...)
}

// virtualHost returns the routes for a host on port 443, or nil.
func (s sidecar) virtualHost(host string) *routev3.VirtualHost {
	for _, v := range s.routes["443"].GetVirtualHosts() {
		if slices.Contains(v.Domains, host) {
			return v
		}
	}
	return nil
}

// chain returns the filters that take TLS to host on port 443, or nil.
func (s sidecar) chain(host string) *listenerv3.FilterChain {
	for _, c := range s.listeners["0.0.0.0_443"].GetFilterChains() {
		if slices.Contains(c.GetFilterChainMatch().GetServerNames(), host) {
			return c
		}
	}
	return nil
}

func wildcard(host string) bool { return strings.HasPrefix(host, "*.") }
