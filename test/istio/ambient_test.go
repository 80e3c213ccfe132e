package istio

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	internalv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/internal_upstream/v3"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"google.golang.org/protobuf/testing/protocmp"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/test/xdstest"
	"istio.io/istio/pkg/config/constants"
	"istio.io/istio/pkg/util/sets"
	"istio.io/istio/pkg/workloadapi"
)

// TestWaypoint checks what Istio makes of the controller's objects for ambient pods: the
// waypoint of their namespace originates verified TLS, answers for the route, and ztunnel
// is told to send the hosts there. Nobody else is told anything, where the mesh has
// ServiceEntries seen in their own namespace only.
func TestWaypoint(t *testing.T) {
	world, ours := ambientObjects(t)
	m := meshConfig(registryOnly)
	m.ServiceEntryVisibility = &meshconfig.ServiceEntryVisibility{DefaultVisibility: meshconfig.ServiceEntryVisibility_NAMESPACE}
	without, with := istiodOf(t, m, world, nil), istiodOf(t, m, world+ours, nil)
	waypoint := with.tell(t, waypointIn("shop", "10.0.0.15"))
	for host := range hosts(parse(t, ours)) {
		t.Run(host, func(t *testing.T) {
			waypoint.checkWaypoint(t, host)
			s := with.ztunnel(t, host)
			if len(s.GetAddresses()) != 1 || s.GetWaypoint().GetHostname().GetHostname() != "egress.shop.svc.cluster.local" && s.GetWaypoint().GetAddress() == nil {
				t.Errorf("ztunnel is told %v, want an address and the waypoint", s)
			}
			if s.GetVisibility() != workloadapi.Service_NAMESPACE {
				t.Errorf("ztunnel is told %v, want a service of namespace shop alone", s)
			}
		})
	}
	for _, p := range []*model.Proxy{waypointIn("elsewhere", "10.0.0.16"), sidecarIn("elsewhere", ""), gatewayIn("elsewhere")} {
		if before, after := without.tell(t, p), with.tell(t, p); !bytes.Equal(before.bytes, after.bytes) {
			t.Errorf("%s in namespace %s is told something else than without our objects", p.Type, p.ConfigNamespace)
		}
	}
}

// TestVisibility shows why ambient pods of a mesh are told nothing of waypoints before
// the mesh has been set up for it: exportTo means nothing to ztunnel.
func TestVisibility(t *testing.T) {
	world, ours := ambientObjects(t)
	istiod := newIstiod(t, allowAny, world+ours, nil)
	for host := range hosts(parse(t, ours)) {
		if s := istiod.ztunnel(t, host); s.GetVisibility() != workloadapi.Service_PUBLIC {
			t.Errorf("%s: ztunnel is told %v: exportTo counts now, so --waypoints could do without serviceEntryVisibility", host, s)
		}
	}
}

// TestSidecarsInAmbient demands that our objects for sidecars change nothing for ambient
// pods, of their namespace and others: without an address, ztunnel neither answers for
// the name nor sends calls anywhere else.
func TestSidecarsInAmbient(t *testing.T) {
	world, _ := ambientObjects(t)
	for name, text := range goldenObjects(t) {
		istiod := newIstiod(t, allowAny, world+text, nil)
		for host := range hosts(parse(t, text)) {
			if s := istiod.ztunnel(t, host); len(s.GetAddresses()) > 0 {
				t.Errorf("%s: %s has the addresses %v in ambient", name, host, s.GetAddresses())
			}
		}
	}
}

// ambientObjects returns a cluster, and our objects for an ambient pod of namespace shop
// with the addresses that Istio allocates.
func ambientObjects(t *testing.T) (world, ours string) {
	t.Helper()
	text, err := os.ReadFile("testdata/ambient.yaml")
	if err != nil {
		t.Fatal(err)
	}
	archive, err := txtar.ParseFile("../../internal/egress/testdata/waypoint.txtar")
	if err != nil {
		t.Fatal(err)
	}
	objects, _ := section(archive, "objects.yaml")
	var docs []string
	for doc := range strings.SplitSeq(objects, "---\n") {
		if strings.Contains(doc, "kind: ServiceEntry") {
			host := slices.Collect(maps.Keys(hosts(parse(t, doc))))[0]
			doc += fmt.Sprintf("status: {addresses: [{host: %q, value: 240.240.0.%d}]}\n", host, len(docs)+1)
		}
		docs = append(docs, doc)
	}
	return string(text), strings.Join(docs, "---\n")
}

func waypointIn(namespace, address string) *model.Proxy {
	return &model.Proxy{Type: model.Waypoint, ConfigNamespace: namespace, IPAddresses: []string{address}, Labels: map[string]string{
		"gateway.networking.k8s.io/gateway-name": "egress", "gateway.istio.io/managed": constants.ManagedGatewayMeshControllerLabel,
	}}
}

// ztunnel returns what ztunnels are told of a host of namespace shop.
func (i istiod) ztunnel(t *testing.T, host string) *workloadapi.Service {
	t.Helper()
	found, _ := i.Env().AmbientIndexes.AddressInformation(sets.New("shop/" + host))
	for _, f := range found { // and the workload behind it, which has the name for an address
		if f.GetService() != nil {
			return f.GetService()
		}
	}
	t.Fatalf("ztunnel is told of no service for %s", host)
	return nil
}

// checkWaypoint demands of a waypoint what [sidecar.checkPlaintext] does of a sidecar.
func (s sidecar) checkWaypoint(t *testing.T, host string) {
	t.Helper()
	vip := func(subset string) string { return "inbound-vip|443|http" + subset + "|" + host }
	var got *routev3.RouteConfiguration
	for _, c := range s.listeners["main_internal"].GetFilterChains() {
		if c.Name == vip("") {
			got = xdstest.ExtractHTTPConnectionManager(t, c).GetRouteConfig()
		}
	}
	to := hostRoute(host)
	to.Action.(*routev3.Route_Route).Route.ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: vip("/tls")}
	want := []*routev3.Route{proofRoute(answerOfWaypoint), to}
	if len(got.GetVirtualHosts()) != 1 {
		t.Fatalf("routes to %s: %v, want one virtual host", host, got)
	}
	v := got.VirtualHosts[0]
	if diff := cmp.Diff(want, v.Routes, protocmp.Transform(), protocmp.IgnoreFields(&routev3.Route{}, "metadata", "decorator", "name")); diff != "" {
		t.Errorf("routes to %s (-want +got):\n%s", host, diff)
	}
	if wildcard(host) && !slices.Equal(v.Domains, []string{host}) {
		t.Errorf("names of any kind are resolved for %s: %q", host, v.Domains)
	}
	for _, subset := range []string{"", "/tls"} {
		want := verified(host)
		want.Type = "STRICT_DNS"
		if wildcard(host) {
			want.Type = "dynamic forward proxy"
		}
		if diff := cmp.Diff(want, waypointOrigination(t, s.clusters[vip(subset)])); diff != "" {
			t.Errorf("cluster %s (-want +got):\n%s", vip(subset), diff)
		}
	}
}

// waypointOrigination looks into the transport socket that a waypoint wraps round its TLS.
func waypointOrigination(t *testing.T, c *clusterv3.Cluster) origination {
	t.Helper()
	if c.GetTransportSocket() == nil {
		return origination{}
	}
	inner := xdstest.UnmarshalAny[internalv3.InternalUpstreamTransport](t, c.TransportSocket.GetTypedConfig()).TransportSocket
	if inner.Name == "envoy.transport_sockets.raw_buffer" {
		return origination{}
	}
	copied := &clusterv3.Cluster{
		ClusterDiscoveryType: c.ClusterDiscoveryType, TypedExtensionProtocolOptions: c.TypedExtensionProtocolOptions,
		TransportSocket: &corev3.TransportSocket{ConfigType: inner.ConfigType},
	}
	o := originationOf(t, copied)
	if c.GetClusterType() != nil {
		o.Type = "dynamic forward proxy"
	}
	return o
}
