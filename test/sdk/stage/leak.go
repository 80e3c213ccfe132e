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
