package stage

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/sdk/pod"
)

// Capture captures what leaves m, from now to the end of the test.
func (s *Stage) Capture(t testing.TB, m *pod.Machine) *pod.Capture {
	t.Helper()
	c, err := m.Capture()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// credentialEndpoints speak plain HTTP, in AWS too.
var credentialEndpoints = []netip.Addr{pod.IMDS4, pod.IMDS6, pod.ECS, pod.EKS4, pod.EKS6}

// Leaks returns the plaintext that c has seen leave, but for what goes to the credential
// endpoints, which speak plain HTTP in AWS too.
func (s *Stage) Leaks(t testing.TB, c *pod.Capture) []pod.Flow {
	t.Helper()
	flows, err := c.Plaintext()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(flows, func(f pod.Flow) bool {
		return f.To.Port() == 80 && slices.Contains(credentialEndpoints, f.To.Addr())
	})
}

// WantNoLeak demands that no plaintext has left.
func (s *Stage) WantNoLeak(t testing.TB, c *pod.Capture) {
	t.Helper()
	for _, f := range s.Leaks(t, c) {
		t.Errorf("plaintext left for %s: %.200q", f.To, f.Plaintext)
	}
}

// Sent returns how many bytes c has seen leave for AWS, whatever they are.
func (s *Stage) Sent(t testing.TB, c *pod.Capture) int64 {
	t.Helper()
	flows, err := c.Flows()
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, f := range flows {
		if to := f.To.Addr(); to == pod.AWS4 || to == pod.AWS6 {
			sum += f.Bytes
		}
	}
	return sum
}
