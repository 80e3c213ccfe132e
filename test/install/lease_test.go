package install_test

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// A leader that is killed keeps its lease. The container that follows it in its pod has
// its name, and goes on at once; for others the lease has to end first.
func TestKilledLeaderGoesOn(t *testing.T) {
	const long = "--egress-lease=10m"
	leader := lead(t, long, "--identity=first")
	run(t, 1, long, "--identity=second")
	leader.kill(t)
	run(t, 1, long, "--identity=first")
	opens(t, "killed-leader")
}

func TestAnotherTakesOver(t *testing.T) {
	leader := lead(t)
	run(t, 1)
	leader.kill(t)
	opens(t, "another-leader")
}

// lead runs a replica until it leads. Its lease goes with the test.
func lead(t *testing.T, flags ...string) *replica {
	t.Helper()
	noLease(t.Context(), t)
	t.Cleanup(func() { noLease(context.Background(), t) }) // when no replica runs any more
	leader := run(t, 1, flags...)[0]
	eventually(t, leader.leads)
	return leader
}

func noLease(ctx context.Context, t *testing.T) {
	t.Helper()
	_, err := env.Kubectl(ctx, "delete", "lease", "aws-mesh-egress", "-n", namespace, "--ignore-not-found")
	must(t, err)
}

func (r *replica) leads() error {
	if !strings.Contains(r.log.String(), "acquired lease") {
		return errors.New("nobody leads")
	}
	return nil
}

// opens demands that a host is opened for a new pod.
func opens(t *testing.T, name string) {
	t.Helper()
	ns := newNamespace(t, name)
	must(t, env.Client.Create(t.Context(), annotated(ns, "app")))
	eventually(t, func() error { return opened(t, ns, "dynamodb.eu-west-1.amazonaws.com") })
}

func TestEveryPodHasAnIdentity(t *testing.T) {
	for _, dir := range []string{"base", "overlays/cert-manager", "overlays/egress-gateway", "overlays/ambient"} {
		if !strings.Contains(string(kustomize(t, "deploy/"+dir)), "- --identity=$(POD_NAME)_$(POD_UID)\n") {
			t.Errorf("deploy/%s: a leader that crashed would wait for its own lease", dir)
		}
	}
}
