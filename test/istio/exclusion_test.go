package istio

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"istio.io/istio/tools/common/config"
	"istio.io/istio/tools/istio-iptables/pkg/capture"
	"istio.io/istio/tools/istio-iptables/pkg/constants"
	"istio.io/istio/tools/istio-iptables/pkg/dependencies"
)

// TestCredentialEndpointsAreExcluded demands that istio-init makes a rule of each
// credential endpoint whose family the pod has, and takes no offence at the others.
func TestCredentialEndpointsAreExcluded(t *testing.T) {
	ranges := excluded(t, "two-passes.txtar")
	if want := []string{"169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32", "fd00:ec2::254/128", "fd00:ec2::23/128"}; !slices.Equal(ranges, want) {
		t.Errorf("istio-init excludes %q, want %q", ranges, want)
	}
	for _, ipv6 := range []bool{false, true} {
		rules := outputRules(t, strings.Join(ranges, ","), ipv6)
		for _, r := range ranges {
			has := slices.ContainsFunc(rules, func(rule string) bool { return strings.Contains(rule, "-A ISTIO_OUTPUT -d "+r+" -j RETURN") })
			if want := ipv6 || !strings.Contains(r, ":"); has != want {
				t.Errorf("pod with IPv6 %v: a rule for %s %v, want %v; rules:\n%s", ipv6, r, has, want, strings.Join(rules, "\n"))
			}
		}
	}
}

// excluded returns what istio-init is told to exclude, in the pod of a golden case.
func excluded(t *testing.T, name string) []string {
	t.Helper()
	archive, err := txtar.ParseFile(cases + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := section(archive, "istio.yaml")
	var pod corev1.Pod
	if err := yaml.Unmarshal([]byte(text), &pod); err != nil {
		t.Fatal(err)
	}
	for _, c := range pod.Spec.InitContainers {
		if i := slices.Index(c.Args, "-x"); c.Name == "istio-init" && i >= 0 {
			return strings.Split(c.Args[i+1], ",")
		}
	}
	t.Fatalf("%s: no istio-init with -x", name)
	return nil
}

// outputRules returns what istio-iptables would run in a pod that has IPv4 and, if ipv6
// says so, IPv6.
func outputRules(t *testing.T, exclude string, ipv6 bool) []string {
	t.Helper()
	kernel := &dependencies.DependenciesStub{}
	rules, err := capture.NewIptablesConfigurator(&config.Config{
		ProxyPort: "15001", InboundCapturePort: "15006", InboundTunnelPort: "15008",
		ProxyUID: constants.DefaultProxyUID, ProxyGID: constants.DefaultProxyUID,
		InboundInterceptionMode: "REDIRECT", InboundPortsInclude: "*",
		OutboundIPRangesInclude: "*", OutboundIPRangesExclude: exclude,
		HostIPv4LoopbackCidr: constants.HostIPv4LoopbackCidr.DefaultValue, EnableIPv6: ipv6,
	}, kernel)
	if err != nil {
		t.Fatal(err)
	}
	if err := rules.Run(); err != nil {
		t.Fatal(err)
	}
	return kernel.ExecutedAll
}
