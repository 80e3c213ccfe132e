package e2e

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// The apps of TestOthers are probes, which call more than AWS, see test/sdk/probe. Each is
// there twice where it matters whether Istio's agent answers DNS queries.
var (
	bystander    = probe("not-annotated", false, nil)
	bystanderDNS = probe("not-annotated-dns", true, nil)
	stranger     = probe("stranger", false, nil, awsmesh.EnvInMesh, "true", awsmesh.EnvHosts, hosts, awsmesh.EnvPodUID, "of-the-pod")
	narrow       = probe("narrow", false, map[string]string{
		awsmesh.AnnotationServices: "s3", awsmesh.AnnotationRegion: "eu-west-1", awsmesh.AnnotationS3Buckets: "orders,hijacked",
	})
	endpointURLs = probe("endpoint-urls", false, map[string]string{
		awsmesh.AnnotationServices: "dynamodb", awsmesh.AnnotationRegion: "eu-west-1", awsmesh.AnnotationEndpointURLs: "true",
	})
)

// probe describes one; env are names and values.
func probe(name string, dns bool, annotations map[string]string, env ...string) app {
	a := app{Name: name, Image: "localhost/probe:node", Annotations: map[string]string{
		"sidecar.istio.io/statsInclusionPrefixes": "cluster.outbound,cluster.PassthroughCluster,cluster.BlackHoleCluster",
	}, Env: map[string]string{}}
	maps.Copy(a.Annotations, annotations)
	if dns {
		a.Annotations["proxy.istio.io/config"] = `{"proxyMetadata": {"ISTIO_META_DNS_CAPTURE": "true"}}`
	}
	for i := 0; i < len(env); i += 2 {
		a.Env[env[i]] = env[i+1]
	}
	return a
}

// TestOthers looks at who else is in the mesh: neighbours, who must not notice us, and
// attackers, who must gain nothing.
func TestOthers(t *testing.T) {
	t.Parallel()
	policies, modes := []string{"ALLOW_ANY", "REGISTRY_ONLY"}, []string{"plaintext", "passthrough"}
	var names []string
	for _, policy := range policies {
		for _, mode := range modes {
			names = append(names, dnsName("others "+mode+" "+policy))
		}
	}
	space{Name: "partners", Policy: "ALLOW_ANY", Manifest: partners(names)}.create(t)
	for i, name := range names {
		policy, mode := policies[i/2], modes[i%2]
		t.Run(mode+" "+policy, func(t *testing.T) {
			t.Parallel()
			others(t, space{Name: name, Policy: policy, Manifest: partnerYAML}, mode)
		})
	}
	for _, policy := range policies {
		t.Run("strangers "+policy, func(t *testing.T) {
			t.Parallel()
			strangers(t, space{Name: dnsName("strangers " + policy), Policy: policy})
		})
	}
}

// others looks at a namespace before anybody there asks for AWS, and after.
func others(t *testing.T, s space, mode string) {
	s.Apps = []app{bystander, bystanderDNS}
	s.create(t)
	first := func(a app) sight {
		if a.Name == bystanderDNS.Name {
			return s.first()
		}
		return silence // because of the partner
	}
	before := s.lookAround(t, first)
	for _, a := range s.Apps {
		before[a.Name].check(t, s.Policy, a.Name+" before", first(a))
	}
	annotated, annotatedDNS := probe("annotated", false, asks(mode)), probe("annotated-dns", true, asks(mode))
	s.Apps = append(s.Apps, annotated, annotatedDNS)
	if mode == "plaintext" {
		s.Apps = append(s.Apps, endpointURLs)
	}
	if err := s.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.open(t, mode, "dynamodb.eu-west-1.amazonaws.com", "*.s3.eu-west-1.amazonaws.com")
	after := s.lookAround(t, func(app) sight { return silence })
	for _, a := range s.Apps {
		after[a.Name].check(t, s.Policy, a.Name, silence)
		base := before[bystander.Name]
		if strings.HasSuffix(a.Name, "-dns") {
			base = before[bystanderDNS.Name]
		}
		cell(t, []string{a.Name, "as before"}, func(t *testing.T) { after[a.Name].same(t, base) })
	}
	s.runAttacks(t, attacks[mode])
}

// strangers looks at a namespace of which nobody asks for AWS, and then at one who asks for
// two buckets alone.
func strangers(t *testing.T, s space) {
	s.Apps = []app{stranger}
	s.create(t)
	s.hear(t, "before", s.first())
	t.Run("before", func(t *testing.T) { s.runAttacks(t, attacks["none"]) })
	s.Apps = append(s.Apps, narrow)
	if err := s.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.open(t, "plaintext", "orders."+s3, "hijacked."+s3)
	s.hear(t, "after", silence)
	t.Run("after", func(t *testing.T) { s.runAttacks(t, attacks["buckets"]) })
	s.forged(t, stranger)
}

// hear demands what comes of a server that speaks first, at all apps.
func (s space) hear(t *testing.T, when string, want sight) {
	t.Helper()
	for _, a := range s.Apps {
		cell(t, []string{when, a.Name, "TCP on 443, server first"}, func(t *testing.T) {
			if got := s.hears(t, a, want); got != want {
				t.Errorf("saw %+v, want %+v", got, want)
			}
		})
	}
}

// open waits until the objects for the hosts are in the sidecars of all apps.
func (s space) open(t *testing.T, mode string, hosts ...string) {
	t.Helper()
	resource, form := "dynamic_route_configs", `"%s:443"`
	if mode == "passthrough" {
		resource, form = "dynamic_listeners", `"%s"`
	}
	for _, a := range s.Apps {
		if err := env.Until(t.Context(), "the objects in the sidecar of "+a.Name, func(context.Context) error {
			config := s.envoy(t, a, "config_dump?resource="+resource)
			for _, host := range hosts {
				if !strings.Contains(config, fmt.Sprintf(form, host)) {
					return fmt.Errorf("%s is not there", host)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// ask asks a probe: a path and a query.
func ask[T any](t *testing.T, s space, pod, question string) (answer T) {
	t.Helper()
	answer, err := answerOf[T](t.Context(), env.Pod(s.Name, pod, 8080), question)
	if err != nil {
		t.Error(err)
	}
	return answer
}
