package scenarios

import (
	"context"
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/pod"
	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

// TestPod demands the right words, and silence, where something is not as the webhook
// thought: the rules, the sidecar, or AWS.
func TestPod(t *testing.T) {
	t.Parallel()
	s := stage.Start(t, stage.Config{Annotations: stage.Services("dynamodb,s3")})
	t.Run("port 443 is excluded", func(t *testing.T) { excludedPort(t, s) })
	t.Run("an address is excluded", func(t *testing.T) { excludedAddress(t, s) })
	t.Run("the sidecar is not up", func(t *testing.T) { sidecarDown(t, s) })
	t.Run("certificates", func(t *testing.T) { certificates(t, s) })
}

// excludedPort is Istio's excludeOutboundPorts: "443".
func excludedPort(t *testing.T, s *stage.Stage) {
	rule(t, s.Pod, "iptables", "-p", "tcp", "--dport", "443", "-j", "RETURN")
	rule(t, s.Pod, "ip6tables", "-p", "tcp", "--dport", "443", "-j", "RETURN")
	p := stage.Begin(t, s.Pod, "call", s.Env(t))
	for _, sdk := range both() {
		for _, address := range []netip.Addr{pod.AWS4, pod.AWS6} {
			s.Resolve(address)
			v := look(t, s, s.Pod, p, order{SDK: sdk})
			v.wantError(t, "not-intercepted")
			v.wantNothingSent(t)
			look(t, s, s.Pod, p, order{SDK: sdk, UseTLS: true}).wantAnswered(t)
		}
	}
}

// excludedAddress is Istio's excludeOutboundIPRanges: of a host's addresses, one passes
// the sidecar by and the other does not.
func excludedAddress(t *testing.T, s *stage.Stage) {
	rule(t, s.Pod, "iptables", "-d", pod.AWS4.String(), "-j", "RETURN")
	p := stage.Begin(t, s.Pod, "call", s.Env(t))
	for _, sdk := range both() {
		s.Resolve(pod.AWS4)
		v := look(t, s, s.Pod, p, order{SDK: sdk})
		v.wantError(t, "not-intercepted")
		v.wantNothingSent(t)
		s.Resolve(pod.AWS6)
		v = look(t, s, s.Pod, p, order{SDK: sdk})
		v.wantAnswered(t)
		v.wantNothingPlain(t)
	}
}

// sidecarDown has rules, and nobody to whom they redirect.
func sidecarDown(t *testing.T, s *stage.Stage) {
	for _, tool := range []string{"iptables", "ip6tables"} {
		rule(t, s.Bare, tool, "-p", "tcp", "--dport", "443", "-j", "REDIRECT", "--to-ports", "15001")
	}
	p := stage.Begin(t, s.Bare, "call", s.Env(t))
	for _, sdk := range both() {
		for _, address := range []netip.Addr{pod.AWS4, pod.AWS6} {
			s.Resolve(address)
			v := look(t, s, s.Bare, p, order{SDK: sdk})
			v.wantError(t, "blocked")
			v.wantNothingSent(t)
			if !strings.Contains(v.outcome.Reason, "no sidecar listens") || !strings.Contains(v.outcome.Cure, "holdApplicationUntilProxyStarts") {
				t.Errorf("%v: nothing is said of the sidecar: %v", v.order, v.outcome)
			}
		}
	}
}

// certificates are those that no client should accept.
func certificates(t *testing.T, s *stage.Stage) {
	p := stage.Begin(t, s.Pod, "call", s.Env(t))
	for _, sdk := range both() {
		for _, fault := range []aws.FaultKind{aws.WrongName, aws.UntrustedCA, aws.Expired} {
			for _, address := range []netip.Addr{pod.AWS4, pod.AWS6} {
				s.Resolve(address)
				s.AWS.AddFault(aws.Fault{Kind: fault})
				// A name of its own, to which the sidecar has no connection yet.
				v := look(t, s, s.Pod, p, order{SDK: sdk, Bucket: sdk + "-" + string(fault)})
				v.wantUpstream(t)
				v = look(t, s, s.Pod, p, order{SDK: sdk, Bucket: sdk + "-" + string(fault), Head: true})
				v.wantUpstream(t)
				s.AWS.Reset()
			}
		}
		look(t, s, s.Pod, p, order{SDK: sdk, Bucket: sdk + "-" + string(aws.Expired)}).wantAnswered(t)
	}
	wait(t, "the sidecar's access log has 24 reasons", func() error {
		log, err := s.AccessLog()
		if n := strings.Count(log, ":CERTIFICATE_VERIFY_FAILED:"); err == nil && n < 24 {
			return fmt.Errorf("%d reasons", n)
		}
		return err
	})
}

// wantUpstream demands an error that leads to the certificate. New releases of Envoy say
// what is wrong with it in the access log alone.
func (v view) wantUpstream(t *testing.T) {
	t.Helper()
	v.wantError(t, "upstream")
	v.wantNoRequest(t)
	v.wantNothingPlain(t)
	if !strings.Contains(v.outcome.Reason+v.outcome.Cure, "certificate") {
		t.Errorf("%v: %v, want something about a certificate", v.order, v.outcome)
	}
}

// rule puts a rule before all others for what leaves m, until the test ends.
func rule(t *testing.T, m *pod.Machine, tool string, args ...string) {
	t.Helper()
	run := func(ctx context.Context, how ...string) {
		t.Helper()
		var said strings.Builder
		cmd := exec.CommandContext(ctx, tool, append(append([]string{"-t", "nat"}, how...), args...)...)
		cmd.Stderr = &said
		if err := m.Run(cmd); err != nil {
			t.Fatalf("%v: %v\n%s", cmd.Args, err, said.String())
		}
	}
	run(t.Context(), "-I", "OUTPUT", "1")
	t.Cleanup(func() { run(context.Background(), "-D", "OUTPUT") })
}
