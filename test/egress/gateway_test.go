package egress

import (
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/internal/egress"
)

var gateway = egress.Gateway{Namespace: "aws-mesh-egress", Service: "gateway"}

// hasVia waits until our objects of the namespace are exactly those for services through
// the gateway, and what is marked as unused.
func (s space) hasVia(services ...string) {
	s.t.Helper()
	plans, err := status(services...).Plans()
	s.must(err)
	desired := egress.Desired(s.name, plans)
	desired.Gateway = gateway
	want := desired.Objects()
	sortByID(want)
	eventually(s.t, func() error {
		if is, should := content(s.ours()), content(want); is != should {
			return fmt.Errorf("objects in %s:\n%s\nwant:\n%s", s.name, is, should)
		}
		return nil
	})
}

func TestGatewayOnAndOff(t *testing.T) {
	s := newSpace(t, env.Client, "gateway")
	run := start(t, env, &egress.Reconciler{Retention: egress.DefaultRetention})
	web := s.addPod("web", status("sqs").String())
	s.has("sqs")
	run.stop()

	t.Log("on: what is at the gateway comes first, what sidecars need no more goes last")
	run = start(t, env, &egress.Reconciler{Retention: egress.DefaultRetention, Gateway: gateway})
	s.hasVia("sqs")
	run.settle()
	const host = "aws-mesh-sqs.eu-west-1.amazonaws.com"
	var order []string
	for _, write := range run.writes.to(s.name) {
		if !strings.Contains(write, "svc.cluster.local") { // comes beside the others
			verb, path, _ := strings.Cut(write, " ")
			order = append(order, verb+" "+path[strings.Index(path, s.name)+len(s.name)+1:])
		}
	}
	want := []string{
		"PATCH destinationrules/" + host + ".aws-mesh.internal", "PATCH virtualservices/" + host + ".aws-mesh.internal",
		"PATCH serviceentries/" + host + ".aws-mesh.internal", "PATCH virtualservices/" + host, "PATCH serviceentries/" + host,
		"DELETE destinationrules/" + host,
	}
	if got := strings.Join(order, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("writes:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}

	t.Log("drift is repaired there too")
	for _, kind := range []string{"ServiceEntry", "VirtualService", "DestinationRule"} {
		s.delete(s.named(kind, host+".aws-mesh.internal"))
		s.hasVia("sqs")
	}
	u := s.named("DestinationRule", host+".aws-mesh.internal")
	s.must(s.client.Patch(t.Context(), u, client.RawPatch("application/merge-patch+json",
		[]byte(`{"spec":{"trafficPolicy":{"tls":{"insecureSkipVerify":true}}}}`)), client.FieldOwner("somebody")))
	s.hasVia("sqs")

	t.Log("a DestinationRule of the user's for the gateway: ours goes, and both sides are told")
	rule := s.apply("{kind: DestinationRule, metadata: {name: mine}, spec: {host: gateway.aws-mesh-egress.svc.cluster.local}}")
	s.hasEvent(rule, "aws-mesh leaves gateway.aws-mesh-egress.svc.cluster.local")
	s.hasEvent(web, "is about the egress gateway: delete it, or give aws-mesh a gateway of its own")
	s.delete(rule)
	s.hasVia("sqs")
	run.stop()

	t.Log("off: what is at the gateway is kept for a while, then goes")
	run = start(t, env, &egress.Reconciler{Retention: egress.DefaultRetention})
	eventually(t, func() error {
		if marks := s.marks(); len(marks) != 4 || marks["DestinationRule "+host] != "" {
			return fmt.Errorf("marks: %v", marks)
		}
		return nil
	})
	run.stop()
	start(t, env, &egress.Reconciler{})
	s.has("sqs")
}
