package install_test

import (
	"errors"
	"io"
	"testing"
	"time"
)

// A rolling update: each replica is replaced, under load, and no create fails. Requests
// in flight are answered, and connections that are kept alive are given up before the
// replica that they lead to is gone.
func TestRollingUpdateUnderLoad(t *testing.T) {
	replicas := run(t, 2)
	pods := startLoad(t, newNamespace(t, "rolling-update"))
	for _, old := range replicas {
		run(t, 1)
		began := time.Now()
		if err := old.terminate(t); err != nil {
			t.Errorf("ended with %v", err)
		}
		if d := time.Since(began); d < time.Second {
			t.Errorf("ended after %v, before --shutdown-delay (1s) was over", d)
		}
	}
	pods.finish(t)
}

// A replica that is told to end says so before it stops serving.
func TestDrainingReplicaServesButIsNotReady(t *testing.T) {
	r := run(t, 1, "--shutdown-delay=3s")[0]
	ended := make(chan error, 1)
	go func() { ended <- r.terminate(t) }()
	eventually(t, func() error {
		if r.readyz() == nil {
			return errors.New("still ready")
		}
		return nil
	})
	serving(t, r) // still answers
	if err := get("http://"+r.health+"/healthz", io.Discard); err != nil {
		t.Errorf("the kubelet would kill it: %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// The leader that loses its lease goes the same way: it was leading, not serving, that
// went wrong.
func TestLostLeaseUnderLoad(t *testing.T) {
	leader := lead(t)
	run(t, 1)
	pods := startLoad(t, newNamespace(t, "lost-lease"))
	_, err := env.Kubectl(t.Context(), "patch", "lease", "aws-mesh-egress", "-n", namespace, "--type=merge",
		`--patch={"spec": {"holderIdentity": "somebody-else", "renewTime": "2100-01-01T00:00:00.000000Z"}}`)
	must(t, err)
	select {
	case <-leader.done:
		if leader.err == nil {
			t.Error("ended as if nothing had happened")
		}
	case <-time.After(time.Minute):
		t.Error("still leads")
	}
	pods.finish(t)
}
