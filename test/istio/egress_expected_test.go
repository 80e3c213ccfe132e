package istio

import (
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"istio.io/istio/pilot/test/xdstest"
)

func clusterName(subset, host string) string { return "outbound|443|" + subset + "|" + host }

// What a proxy answers about its route.
const (
	answerOfSidecar  = "%ENVIRONMENT(AWS_MESH_POD_UID)%"
	answerOfWaypoint = "tls"
)

func proofRoute(answer string) *routev3.Route {
	return &routev3.Route{
		Match: &routev3.RouteMatch{
			PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"},
			CaseSensitive: wrapperspb.Bool(true),
			Headers: []*routev3.HeaderMatcher{{
				Name: "x-aws-mesh-route",
				HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: &matcherv3.StringMatcher{
					MatchPattern: &matcherv3.StringMatcher_Exact{Exact: "ask"},
				}},
			}},
		},
		Action: &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: 204}},
		ResponseHeadersToAdd: []*corev3.HeaderValueOption{{
			Header:       &corev3.HeaderValue{Key: "x-aws-mesh-route", Value: answer},
			AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
		}},
	}
}

func hostRoute(host string) *routev3.Route {
	return &routev3.Route{
		Match: &routev3.RouteMatch{
			PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"},
			CaseSensitive: wrapperspb.Bool(true),
		},
		Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: clusterName("tls", host)},
			Timeout:          durationpb.New(0), // none
			MaxGrpcTimeout:   durationpb.New(0), //nolint:staticcheck // what Istio still sets
		}},
		RequestHeadersToRemove: []string{
			"x-envoy-attempt-count", "x-envoy-decorator-operation", "x-envoy-expected-rq-timeout-ms",
			"x-envoy-peer-metadata", "x-envoy-peer-metadata-id", "x-forwarded-proto",
		},
	}
}

// An origination is what a cluster demands of the server that it connects to.
type origination struct {
	Type             string
	SNI              string
	SANs             []string
	CA               string
	AutoSNI, AutoSAN bool // both follow the Host header
	HTTP2            bool
}

func verified(host string) origination {
	if wildcard(host) {
		return origination{Type: "ORIGINAL_DST", CA: "file-root:system", AutoSNI: true, AutoSAN: true}
	}
	return origination{Type: "ORIGINAL_DST", CA: "file-root:system", SNI: host, SANs: []string{host}}
}

// originationOf returns nothing for a cluster that is missing, or without TLS.
func originationOf(t *testing.T, c *clusterv3.Cluster) origination {
	t.Helper()
	if c.GetTransportSocket() == nil {
		return origination{}
	}
	tls := xdstest.UnmarshalAny[tlsv3.UpstreamTlsContext](t, c.TransportSocket.GetTypedConfig())
	validation := tls.GetCommonTlsContext().GetCombinedValidationContext()
	o := origination{
		Type: c.GetType().String(),
		SNI:  tls.Sni,
		CA:   validation.GetValidationContextSdsSecretConfig().GetName(),
	}
	for _, san := range validation.GetDefaultValidationContext().GetMatchSubjectAltNames() { //nolint:staticcheck // what Istio still sets
		o.SANs = append(o.SANs, san.GetExact())
	}
	if options := c.TypedExtensionProtocolOptions["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]; options != nil {
		http := xdstest.UnmarshalAny[httpv3.HttpProtocolOptions](t, options)
		o.AutoSNI = http.GetUpstreamHttpProtocolOptions().GetAutoSni()
		o.AutoSAN = http.GetUpstreamHttpProtocolOptions().GetAutoSanValidation()
		o.HTTP2 = http.GetExplicitHttpConfig().GetHttpProtocolOptions() == nil
	}
	return o
}
