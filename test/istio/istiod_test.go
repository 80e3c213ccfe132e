package istio

import (
	"slices"
	"strings"
	"testing"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/features"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/test"
)

// newIstiod returns an istiod that has read a cluster, Kubernetes' objects and Istio's,
// and objects of ours.
func newIstiod(t *testing.T, p policy, cluster string, ours []config.Config) istiod {
	t.Helper()
	return istiodOf(t, meshConfig(p), cluster, ours)
}

func istiodOf(t *testing.T, m *meshconfig.MeshConfig, cluster string, ours []config.Config) istiod {
	t.Helper()
	test.SetForTest(t, &features.EnableAmbient, true)
	var istios []string
	for doc := range strings.SplitSeq(cluster, "---\n") {
		if strings.HasPrefix(doc, "apiVersion: networking.istio.io") {
			istios = append(istios, doc)
		}
	}
	return istiod{xds.NewFakeDiscoveryServer(t, xds.FakeOptions{
		Configs:                slices.Concat(parse(t, strings.Join(istios, "---\n")), ours),
		KubernetesObjectString: cluster, // what is ambient is looked up here
		MeshConfig:             m,
	}).ConfigGenTest}
}
