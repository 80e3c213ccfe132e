package istio

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config"
)

// gatewayPod is a pod of the egress gateway and its Service, as in
// deploy/components/egress-gateway.
const gatewayPod = `
apiVersion: v1
kind: Service
metadata: {name: gateway, namespace: aws-mesh-egress}
spec:
  clusterIP: 10.96.1.1
  selector: {aws-mesh: egress-gateway}
  ports: [{name: https, port: 443, targetPort: 8443}]
---
apiVersion: v1
kind: Pod
metadata: {name: gateway, namespace: aws-mesh-egress, labels: {aws-mesh: egress-gateway}}
spec: {serviceAccountName: gateway, containers: [{name: istio-proxy}]}
status: {podIP: 10.0.0.1, phase: Running, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: gateway, namespace: aws-mesh-egress, labels: {kubernetes.io/service-name: gateway}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: gateway, namespace: aws-mesh-egress}}]
ports: [{name: https, port: 8443}]
---
`

const toGateway = "outbound|443|aws-mesh|gateway.aws-mesh-egress.svc.cluster.local"

// gateway returns what the gateway's proxy gets.
func (i istiod) gateway(t *testing.T) sidecar {
	t.Helper()
	return i.tell(t, &model.Proxy{
		Type: model.Router, ConfigNamespace: "aws-mesh-egress", IPAddresses: []string{"10.0.0.1"},
		Labels: map[string]string{"aws-mesh": "egress-gateway"},
	})
}

// sidecar returns what the proxy of a pod in namespace gets.
func (i istiod) sidecar(t *testing.T, namespace string) sidecar {
	t.Helper()
	return i.tell(t, &model.Proxy{ConfigNamespace: namespace})
}

// gatewayObjects returns what listens at the gateway, which we ship.
func gatewayObjects(t *testing.T) []config.Config {
	t.Helper()
	text, err := os.ReadFile("../../deploy/components/egress-gateway/routes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

// A customer is a pod that calls AWS through the gateway.
type customer struct{ namespace, annotations string }

// objects returns what the controller writes for the customer, with the gateway or other
// flags.
func (c customer) objects(t *testing.T, commandLine string, flags ...string) []config.Config {
	t.Helper()
	egress := exec.CommandContext(t.Context(), commandLine, append([]string{"egress", "--egress-gateway=aws-mesh-egress/gateway", "-f", "-"}, flags...)...)
	egress.Stdin = strings.NewReader(fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: %s
  annotations: {aws-mesh/region: eu-west-1, %s}
spec: {containers: [{name: app}]}
`, c.namespace, c.annotations))
	return parse(t, run(t, egress))
}

// matchesAll reports whether Envoy takes a route for a request with headers.
func matchesAll(m *routev3.RouteMatch, headers map[string]string) bool {
	return !slices.ContainsFunc(m.GetHeaders(), func(h *routev3.HeaderMatcher) bool {
		whole := regexp.MustCompile("^(?:" + h.GetStringMatch().GetSafeRegex().GetRegex() + ")$")
		return !whole.MatchString(headers[h.Name])
	})
}
