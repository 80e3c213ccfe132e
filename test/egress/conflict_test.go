package egress

import (
	"fmt"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/metrics"

	dto "github.com/prometheus/client_model/go"

	"github.com/aws-mesh/aws-mesh/internal/egress"
)

func TestUsersOwnServiceEntry(t *testing.T) {
	s := newSpace(t, env.Client, "conflict")
	run := start(t, env, &egress.Reconciler{})
	web := s.addPod("web", status("sns", "sqs").String())
	s.has("sns", "sqs")

	t.Log("the user adds a ServiceEntry for one of the hosts: ours go, and both sides are told")
	theirs := s.apply(`
kind: ServiceEntry
metadata: {name: legacy}
spec:
  hosts: [sqs.eu-west-1.amazonaws.com]
  resolution: DNS
  ports: [{number: 443, name: tls, protocol: TLS}]`)
	s.has("sns")
	s.hasEvent(theirs, `Warning AWSMeshStandsBack: aws-mesh leaves sqs.eu-west-1.amazonaws.com in namespace "conflict" to this ServiceEntry: delete it, or take the host out of it`)
	s.hasEvent(web, `Warning AWSMeshStandsBack: sqs.eu-west-1.amazonaws.com is left to ServiceEntry conflict/legacy:`)
	hasConflicts(t, s.name, 1)
	run.settle()
	if is, was := s.named("ServiceEntry", "legacy").GetResourceVersion(), theirs.GetResourceVersion(); is != was {
		t.Errorf("the user's object was written: version %s, was %s", is, was)
	}

	t.Log("the user takes it away: ours come back")
	s.delete(theirs)
	s.has("sns", "sqs")
	hasConflicts(t, s.name, 0)
}

// An object of another namespace takes nothing from us, whoever it is shown to.
func TestObjectsElsewhere(t *testing.T) {
	s := newSpace(t, env.Client, "elsewhere")
	other := newSpace(t, env.Client, "elsewhere-platform")
	run := start(t, env, &egress.Reconciler{})
	web := s.addPod("web", status("sqs").String())
	s.has("sqs")
	run.settle()
	before := len(run.writes.to(s.name))

	t.Log("a DestinationRule that is not exported")
	theirs := other.apply(`
kind: DestinationRule
metadata: {name: tls}
spec: {host: sqs.eu-west-1.amazonaws.com, exportTo: ["."]}`)
	run.settle()
	if got := s.events(web); got != "" {
		t.Errorf("events of the pod: %s", got)
	}

	t.Log("it is exported to all")
	theirs.Object["spec"] = map[string]any{"host": "sqs.eu-west-1.amazonaws.com"}
	s.must(s.client.Update(t.Context(), theirs))
	s.hasEvent(web, "Warning AWSMeshOverrides: sqs.eu-west-1.amazonaws.com is opened by aws-mesh, and DestinationRule elsewhere-platform/tls does not act on it")
	run.settle()
	if w := run.writes.to(s.name)[before:]; len(w) > 0 {
		t.Errorf("writes because of it: %q", w)
	}
	hasConflicts(t, s.name, 0)
}

func TestUsersVirtualService(t *testing.T) {
	s := newSpace(t, env.Client, "route")
	start(t, env, &egress.Reconciler{})
	s.addPod("web", status("sqs").String())
	s.has("sqs")
	theirs := s.apply(`
kind: VirtualService
metadata: {name: timeouts}
spec:
  hosts: [sqs.eu-west-1.amazonaws.com]
  http: [{timeout: 5s, route: [{destination: {host: sqs.eu-west-1.amazonaws.com}}]}]`)
	eventually(t, func() error {
		if got := s.ours(); len(got) != 2 {
			return fmt.Errorf("objects: %s", content(got))
		}
		return nil
	})
	s.hasEvent(theirs, "Warning AWSMeshRouteLeftOut: aws-mesh leaves its VirtualService for sqs.eu-west-1.amazonaws.com")
	s.delete(theirs)
	s.has("sqs")
}

// An object with our name and without our label is the user's, also if it was ours.
func TestOurNameWithoutOurLabel(t *testing.T) {
	s := newSpace(t, env.Client, "our-name")
	start(t, env, &egress.Reconciler{})
	theirs := s.apply(`
kind: DestinationRule
metadata: {name: aws-mesh-sqs.eu-west-1.amazonaws.com}
spec: {host: other.example.com}`)
	s.addPod("web", status("sqs").String())
	s.hasEvent(theirs, "Warning AWSMeshStandsBack: aws-mesh needs this name for sqs.eu-west-1.amazonaws.com")
	s.has()
	theirs.SetLabels(map[string]string{"app.kubernetes.io/managed-by": "aws-mesh"})
	s.must(s.client.Update(t.Context(), theirs))
	s.has("sqs")
}

func hasConflicts(t *testing.T, namespace string, want float64) {
	t.Helper()
	eventually(t, func() error {
		if got := metric(t, "aws_mesh_egress_conflicts", "namespace", namespace); got != want {
			return fmt.Errorf("%v conflicts in %s, want %v", got, namespace, want)
		}
		return nil
	})
}

func reconcileCount(t *testing.T) float64 {
	return metric(t, "controller_runtime_reconcile_total", "result", "success")
}

// metric returns the value of a series as /metrics shows it, 0 if there is none.
func metric(t *testing.T, name, label, value string) float64 {
	t.Helper()
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && labelled(m, label, value) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func labelled(m *dto.Metric, label, value string) bool {
	for _, l := range m.GetLabel() {
		if l.GetName() == label && l.GetValue() == value {
			return true
		}
	}
	return false
}
