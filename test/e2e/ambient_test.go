package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// TestAmbient turns waypoints on, as the overlay for it does, and off again: to namespaces
// without one it is no more than two rollouts of the webhook. The waypoint is Istio's,
// with the real Envoy; in ztunnel's place is our own stand-in.
func TestAmbient(t *testing.T) {
	t.Parallel()
	gatewayAPI(t)
	importZtunnel(t)
	ambientSpace(t) // the waypoint has time to come up
	for _, n := range ambientNamespaces {
		n.create(t)
	}
	admissions(t, "without --waypoints", func(bool) bool { return false })
	waypoints(t)
	admissions(t, "with --waypoints", func(inMesh bool) bool { return inMesh })

	orders := ambientApp{Name: "orders", Annotations: asks("plaintext")}
	s := ambientSpace(t, orders)
	cell(t, []string{"objects", "are accepted"}, func(t *testing.T) { acceptedEntries(t) })
	cell(t, []string{"waypoint", "has them"}, func(t *testing.T) { waypointReady(t) })
	cell(t, []string{"check", "well"}, func(t *testing.T) {
		outdated := func(f finding) bool { return f.Check == "status" } // other warnings are about S3's keys and the annotations
		newChecker(t, ambientNamespace).until(t, 0, func(r report) bool {
			return len(r.Workloads) == 1 && r.Workloads[0].PodsInMesh == 1 && !slices.ContainsFunc(r.Findings, outdated)
		})
	})
	for _, sdk := range []string{"v1", "v2"} {
		cell(t, []string{"nothing redirects", sdk + " dynamodb"}, func(t *testing.T) {
			s.expect(t, app{Name: orders.Name, OutOfMesh: true}, sdk, "dynamodb", notIntercepted)
		})
	}

	tunnelled := ambientApp{Name: "tunnelled", Annotations: asks("plaintext"), Ztunnel: true, Addresses: addresses(t)}
	own := ambientApp{Name: "own-tls", Annotations: asks("passthrough"), Ztunnel: true} // finds AWS's address, as in a namespace where nobody asks for plaintext
	mixed := ambientApp{Name: "mixed", Annotations: asks("passthrough"), Ztunnel: true, Addresses: addresses(t)}
	early := ambientApp{Name: "no-address", Annotations: asks("plaintext"), Ztunnel: true}
	s = ambientSpace(t, orders, tunnelled, own, mixed, early)
	waypoint := s.waypointAddress(t)
	atWaypoint := func(t *testing.T, do func()) []aws.Record { return sees(t, waypoint, do) }
	for _, sdk := range []string{"v1", "v2"} {
		for _, service := range []string{"dynamodb", "s3"} {
			cell(t, []string{"by a waypoint", sdk + " " + service}, func(t *testing.T) {
				s.leaves(t, app{Name: tunnelled.Name}, []string{waypoint}, sdk, service, atWaypoint)
			})
			cell(t, []string{"passthrough", sdk + " " + service}, func(t *testing.T) {
				s.expect(t, app{Name: own.Name, OutOfMesh: true}, sdk, service, ownTLS)
			})
			cell(t, []string{"passthrough among plaintext", sdk + " " + service}, func(t *testing.T) {
				s.expect(t, app{Name: mixed.Name, OutOfMesh: true}, sdk, service, blocked)
			})
		}
	}
	cell(t, []string{"ztunnel knows no address", "v2 dynamodb"}, func(t *testing.T) {
		s.expect(t, app{Name: early.Name, OutOfMesh: true}, "v2", "dynamodb", noRoute)
	})
}

// An entryStatus is what istiod says of a ServiceEntry.
type entryStatus struct {
	Spec   struct{ Hosts []string }
	Status struct {
		Addresses  []struct{ Host, Value string }
		Conditions []struct{ Type, Status, Reason, Message string }
	}
}

func entries(ctx context.Context) ([]entryStatus, error) {
	text, err := env.Kubectl(ctx, "--namespace", ambientNamespace, "get", "serviceentries", "-o", "json")
	if err != nil {
		return nil, err
	}
	var list struct{ Items []entryStatus }
	err = json.Unmarshal([]byte(text), &list)
	return list.Items, err
}

// acceptedEntries demands that istiod gives every host an address, binds it to the
// waypoint, and shows it to no other namespace.
func acceptedEntries(t *testing.T) {
	t.Helper()
	if err := env.Until(t.Context(), "the waypoint to be bound", func(ctx context.Context) error {
		all, err := entries(ctx)
		if err == nil && len(all) < 11 {
			err = fmt.Errorf("%d ServiceEntries", len(all))
		}
		for _, e := range all {
			said := map[string]string{}
			for _, c := range e.Status.Conditions {
				said[c.Type] = c.Status + " " + c.Reason
			}
			if len(e.Status.Addresses) == 0 || said["istio.io/WaypointBound"] != "True WaypointAccepted" || said["istio.io/VisibilityApplied"] != "True Namespace" {
				err = fmt.Errorf("%v: %+v", e.Spec.Hosts, e.Status)
			}
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// waypointReady demands that the real Envoy has rejected nothing, and has the hosts.
func waypointReady(t *testing.T) {
	t.Helper()
	if got, want := askWaypoint(t, "clusters"), "inbound-vip|443|http/tls|*.s3.eu-west-1.amazonaws.com::"; !strings.Contains(got, want) {
		t.Errorf("want %q in %s", want, got)
	}
	counts := askWaypoint(t, "stats?filter=update_rejected")
	if !strings.Contains(counts, "listener_manager.lds.update_rejected: 0") {
		t.Errorf("what it rejects: %q", counts)
	}
	for line := range strings.Lines(counts) {
		if !strings.HasSuffix(strings.TrimSpace(line), ": 0") {
			t.Error(line)
		}
	}
}

// askWaypoint returns what Envoy's admin interface answers to a path.
func askWaypoint(t *testing.T, path string) string {
	t.Helper()
	got, err := env.Kubectl(t.Context(), "--namespace", ambientNamespace, "exec", "deploy/egress", "--", "pilot-agent", "request", "GET", path)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// addresses returns those that Istio has allocated, by the names that the sample calls.
func addresses(t *testing.T) map[string]string {
	t.Helper()
	all, err := entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, e := range all {
		for _, a := range e.Status.Addresses {
			if strings.Contains(a.Value, ".") && (a.Host == "dynamodb.eu-west-1.amazonaws.com" || a.Host == "*.s3.eu-west-1.amazonaws.com") {
				found[strings.Replace(a.Host, "*", "aws-mesh-sample", 1)] = a.Value
			}
		}
	}
	return found
}

// waypointAddress is where what the waypoint sends comes from.
func (s space) waypointAddress(t *testing.T) string {
	t.Helper()
	address, err := env.Kubectl(t.Context(), "--namespace", s.Name, "get", "pods", "-l", "gateway.networking.k8s.io/gateway-name=egress",
		"--field-selector=status.phase=Running", "-o", "jsonpath={.items[0].status.podIP}")
	if err != nil {
		t.Fatal(err)
	}
	return address
}
