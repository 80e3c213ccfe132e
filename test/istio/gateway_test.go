package istio

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"istio.io/istio/pilot/test/xdstest"
	"istio.io/istio/pkg/config"
)

// customers share the gateway and some hosts.
var customers = []customer{
	{"shop", `aws-mesh/services: "dynamodb,s3"`},
	{"billing", `aws-mesh/services: "dynamodb,s3", aws-mesh/s3-buckets: orders`},
}

// TestGateway looks at both ends of the way through the gateway.
func TestGateway(t *testing.T) {
	program := buildCommandLine(t)
	shop, billing := customers[0].objects(t, program), customers[1].objects(t, program)
	for _, p := range policies {
		t.Run(p.String(), func(t *testing.T) {
			none := newIstiod(t, p, gatewayPod, gatewayObjects(t))
			all := newIstiod(t, p, gatewayPod, slices.Concat(gatewayObjects(t), shop, billing))
			gateway := all.gateway(t)
			for i, objects := range [][]config.Config{shop, billing} {
				s := all.sidecar(t, customers[i].namespace)
				for host := range viaGateway(objects) {
					s.checkToGateway(t, host)
					gateway.checkFromGateway(t, customers[i].namespace, host)
				}
			}
			gateway.checkEntrance(t)
			// A bucket that billing asked for is still one of all that shop did.
			if to := gateway.routeFor("shop", "orders.s3.eu-west-1.amazonaws.com").GetRoute().GetCluster(); to != clusterName("tls", "*.s3.eu-west-1.amazonaws.com"+atGateway) {
				t.Errorf("shop's requests for the bucket orders go to %q", to)
			}
			if !bytes.Equal(all.sidecar(t, "elsewhere").bytes, none.sidecar(t, "elsewhere").bytes) {
				t.Error("a pod of another namespace is told something else than without our objects")
			}

			alone := newIstiod(t, p, gatewayPod, slices.Concat(gatewayObjects(t), billing))
			if !bytes.Equal(all.sidecar(t, "billing").bytes, alone.sidecar(t, "billing").bytes) {
				t.Error("what a namespace's pods are told depends on another one")
			}
			for host := range viaGateway(billing) {
				alone.gateway(t).checkFromGateway(t, "billing", host)
			}
		})
	}
}

const (
	atGateway     = ".aws-mesh.internal"
	gatewayRoutes = "https.443.https-aws.aws-mesh.aws-mesh-egress"
)

// viaGateway returns the hosts of objects that pass the gateway.
func viaGateway(objects []config.Config) map[string]bool {
	via := hosts(objects)
	maps.DeleteFunc(via, func(host string, _ bool) bool {
		return !slices.Contains(slices.Collect(maps.Keys(via)), host+atGateway)
	})
	return via
}

// checkToGateway demands that the sidecar answers for the route to host itself, that the
// route has the mesh's mTLS with nobody but the gateway, and that no other leads anywhere.
func (s sidecar) checkToGateway(t *testing.T, host string) {
	t.Helper()
	want := []*routev3.Route{proofRoute(answerOfSidecar), hostRoute(host)}
	want[1].GetRoute().ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: toGateway}
	if diff := cmp.Diff(want, s.virtualHost(host).GetRoutes(), protocmp.Transform(), protocmp.IgnoreFields(&routev3.Route{}, "metadata", "decorator")); diff != "" {
		t.Errorf("routes to %s (-want +got):\n%s", host, diff)
	}
	mtls := origination{
		Type: "EDS", CA: "ROOTCA", SNI: "outbound_.443_.aws-mesh_.gateway.aws-mesh-egress.svc.cluster.local",
		SANs: []string{"spiffe://cluster.local/ns/aws-mesh-egress/sa/gateway"},
	}
	if diff := cmp.Diff(mtls, originationOf(t, s.clusters[toGateway])); diff != "" {
		t.Errorf("cluster %s (-want +got):\n%s", toGateway, diff)
	}
	for name, c := range s.clusters {
		if strings.HasSuffix(name, "|"+host) && (c.GetType().String() != "EDS" || name != clusterName("", host)) {
			t.Errorf("cluster %s (%v) leads past the gateway", name, c.GetType())
		}
	}
}

// checkEntrance demands a certificate of the mesh of whoever comes, and that the gateway
// says by itself whose it is.
func (s sidecar) checkEntrance(t *testing.T) {
	t.Helper()
	if len(s.listeners) != 1 || len(s.listeners["0.0.0.0_8443"].GetFilterChains()) != 1 {
		t.Fatalf("listeners of the gateway: %v", s.listeners)
	}
	chain := s.listeners["0.0.0.0_8443"].FilterChains[0]
	tls := xdstest.UnmarshalAny[tlsv3.DownstreamTlsContext](t, chain.GetTransportSocket().GetTypedConfig())
	ca := tls.GetCommonTlsContext().GetCombinedValidationContext().GetValidationContextSdsSecretConfig().GetName()
	if !tls.GetRequireClientCertificate().GetValue() || ca != "ROOTCA" {
		t.Errorf("TLS at the gateway: %v", tls)
	}
	http := xdstest.ExtractHTTPConnectionManager(t, chain)
	if http.GetForwardClientCertDetails().String() != "SANITIZE_SET" || !http.GetSetCurrentClientCertDetails().GetUri() {
		t.Errorf("certificates of callers: %v %v", http.GetForwardClientCertDetails(), http.GetSetCurrentClientCertDetails())
	}
	if !s.routes[gatewayRoutes].GetIgnorePortInHostMatching() {
		t.Error("a host with its port is another host")
	}
	if status := s.atGateway("*").GetRoutes()[0].GetDirectResponse().GetStatus(); status != 503 {
		t.Errorf("hosts that nobody asked for are answered with %d, want 503", status)
	}
}

// atGateway returns the gateway's routes for a host.
func (s sidecar) atGateway(host string) *routev3.VirtualHost {
	for _, v := range s.routes[gatewayRoutes].GetVirtualHosts() {
		if slices.Contains(v.Domains, host) {
			return v
		}
	}
	return nil
}

// checkFromGateway demands that requests of the namespace for host, and nothing else, find
// a route with verified TLS, which tells AWS nothing of the mesh.
func (s sidecar) checkFromGateway(t *testing.T, namespace, host string) {
	t.Helper()
	r := s.routeFor(namespace, host)
	name := clusterName("tls", host+atGateway)
	want := hostRoute(host)
	want.GetRoute().ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: name}
	want.RequestHeadersToRemove = append(want.RequestHeadersToRemove, "x-envoy-external-address", "x-forwarded-client-cert", "x-forwarded-for")
	if diff := cmp.Diff(want, r, protocmp.Transform(), protocmp.IgnoreFields(&routev3.Route{}, "metadata", "decorator", "match")); diff != "" {
		t.Errorf("route of %s to %s at the gateway (-want +got):\n%s", namespace, host, diff)
	}
	tls := verified(host)
	tls.Type = "STRICT_DNS"
	if diff := cmp.Diff(tls, originationOf(t, s.clusters[name])); diff != "" {
		t.Errorf("cluster %s (-want +got):\n%s", name, diff)
	}
	address := s.clusters[name].GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint().GetAddress().GetSocketAddress()
	if address.GetAddress() != strings.TrimPrefix(host, "*.") || address.GetPortValue() != 443 {
		t.Errorf("%s is looked for at %v", host, address)
	}
	if r := s.routeFor("stranger", host); r.GetDirectResponse().GetStatus() != 503 {
		t.Errorf("another namespace's request for %s takes %v, want 503", host, r)
	}
}

// routeFor returns the route that Envoy takes for a request of a pod in namespace, which
// says that it is also another one's.
func (s sidecar) routeFor(namespace, host string) *routev3.Route {
	authority := strings.Replace(host, "*", "some", 1)
	v := s.atGateway(authority)
	for at := authority; v == nil && strings.Contains(at, "."); {
		_, at, _ = strings.Cut(at, ".")
		v = s.atGateway("*." + at)
	}
	headers := map[string]string{
		":authority":              authority,
		"x-forwarded-client-cert": "By=spiffe://cluster.local/ns/shop/sa/gateway;Hash=0;Subject=\"\";URI=spiffe://cluster.local/ns/" + namespace + "/sa/default",
	}
	for _, r := range v.GetRoutes() {
		if matchesAll(r.GetMatch(), headers) {
			return r
		}
	}
	return nil
}

// TestGatewayOnItsWay lets every combination of objects be what sidecar and gateway have
// got so far, each on its own. A request for which the sidecar answers goes to verified
// TLS, or nowhere; and none leaves the sidecar in plaintext, answered for or not.
func TestGatewayOnItsWay(t *testing.T) {
	all := customers[0].objects(t, buildCommandLine(t))
	const host = "dynamodb.eu-west-1.amazonaws.com"
	var objects []config.Config
	for _, c := range all {
		if name := strings.TrimPrefix(c.Name, "aws-mesh-"); name == host || name == host+atGateway || strings.HasSuffix(name, ".svc.cluster.local") {
			objects = append(objects, c)
		}
	}
	if len(objects) != 6 {
		t.Fatalf("%d objects for one host, want 6", len(objects))
	}
	leads := map[string]int{}
	for mask := range 1 << len(objects) {
		var arrived []config.Config
		var names []string
		for i, c := range objects {
			if mask>>i&1 == 1 {
				arrived, names = append(arrived, c), append(names, c.GroupVersionKind.Kind+" "+c.Name)
			}
		}
		istiod := newIstiod(t, allowAny, gatewayPod, slices.Concat(gatewayObjects(t), parse(t, otherHTTP), arrived))
		s := istiod.sidecar(t, "shop")
		at := s.leads(t, host)
		switch {
		case strings.HasSuffix(at, "to TLS"): // to the gateway
			at += ", then " + istiod.gateway(t).leadsOn(t, host)
		case s.clusters[clusterName("", host)].GetType() == clusterv3.Cluster_EDS: // with the ServiceEntry's endpoints: none
			at = strings.Replace(at, "to plaintext", "to nowhere", 1)
		}
		leads[at]++
		if strings.Contains(at, "plaintext") {
			t.Errorf("with %s: %s", names, at)
		}
	}
	want := map[string]int{
		"no route": 32, "not proven, to nowhere": 16, "proven, to nowhere": 8,
		"proven, to TLS, then TLS": 1, "proven, to TLS, then nowhere": 7,
	}
	if diff := cmp.Diff(want, leads); diff != "" {
		t.Errorf("where requests lead, and with how many of the combinations (-want +got):\n%s", diff)
	}
}

// TestGatewayTurnedOn lets a sidecar have got any part of what changes when a gateway is
// turned on, or off: every request is answered for, and leads to TLS or nowhere.
func TestGatewayTurnedOn(t *testing.T) {
	const host = "sts.eu-west-1.amazonaws.com"
	c, program := customer{"shop", `aws-mesh/services: sts`}, buildCommandLine(t)
	off, on := c.objects(t, program, "--egress-gateway="), c.objects(t, program)
	at := func(objects []config.Config, kind, name string) []config.Config {
		return slices.DeleteFunc(slices.Clone(objects), func(c config.Config) bool {
			return c.GroupVersionKind.Kind != kind || c.Name != "aws-mesh-"+name
		})
	}
	for mask := range 1 << 4 {
		state := func(bit int) []config.Config {
			if mask>>bit&1 == 1 {
				return on
			}
			return off
		}
		arrived := slices.Concat(
			at(state(0), "VirtualService", host), at(state(1), "ServiceEntry", host), at(state(2), "DestinationRule", host),
			at(state(3), "DestinationRule", "gateway.aws-mesh-egress.svc.cluster.local"),
		)
		s := newIstiod(t, allowAny, gatewayPod, slices.Concat(gatewayObjects(t), arrived)).sidecar(t, "shop")
		if leads := s.leads(t, host); leads != "proven, to TLS" && leads != "proven, to nowhere" {
			t.Errorf("with new ones by bits %04b: %s", mask, leads)
		}
	}
}

// leadsOn says where a request of namespace shop for host ends that has come to the
// gateway.
func (s sidecar) leadsOn(t *testing.T, host string) string {
	t.Helper()
	c := s.clusters[s.routeFor("shop", host).GetRoute().GetCluster()]
	switch o := originationOf(t, c); {
	case c == nil || c.GetLoadAssignment() == nil:
		return "nowhere"
	case o.CA == "":
		return "plaintext"
	}
	return "TLS"
}
