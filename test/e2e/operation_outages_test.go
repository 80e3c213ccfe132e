package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-mesh/aws-mesh/test/node"
)

// outages come without notice; what is restarted in an orderly way is in [restarts]. What
// a strike returns, if anything, ends it.
var outages = []struct {
	what   string
	strike func(t *testing.T) (end func())
}{
	{"istiod is killed", func(t *testing.T) func() {
		send(t, syscall.SIGKILL, "pilot-discovery", pods(t, "istio-system", "app=istiod"))
		return nil
	}},
	{"all webhooks are killed", func(t *testing.T) func() {
		send(t, syscall.SIGKILL, "webhook", pods(t, "aws-mesh-system", webhooks))
		return nil
	}},
	{"all webhooks are deleted", func(t *testing.T) func() {
		space{Name: "aws-mesh-system"}.kubectl(t, "delete pods --now --wait=false -l "+webhooks)
		return nil
	}},
	{"the leader of the controller is killed", func(t *testing.T) func() {
		send(t, syscall.SIGKILL, "webhook", leading(t))
		return nil
	}},
	{"the leader of the controller hangs", func(t *testing.T) func() { // as on a node that is lost
		pod := leading(t)
		send(t, syscall.SIGSTOP, "webhook", pod)
		return func() { send(t, syscall.SIGCONT, "webhook", pod) }
	}},
}

const webhooks = "app.kubernetes.io/component=webhook"

// leading returns the pod that leads our controller, alone. The identity is one that its
// next container will have too.
func leading(t *testing.T) []corev1.Pod {
	t.Helper()
	identity := leaseholder(t)
	found := slices.DeleteFunc(pods(t, "aws-mesh-system", webhooks), func(pod corev1.Pod) bool {
		return pod.Name+"_"+string(pod.UID) != identity
	})
	if len(found) != 1 {
		t.Fatalf("the lease is held by %q, which is NAME_UID of %d pods, want 1", identity, len(found))
	}
	return found
}

// send sends a signal to a process in each of the pods, past Kubernetes.
func send(t *testing.T, signal syscall.Signal, process string, pods []corev1.Pod) {
	t.Helper()
	for _, pod := range pods {
		pid, err := node.Process(string(pod.UID), process)
		if err == nil {
			err = syscall.Kill(pid, signal)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestOutages demands that whatever worked goes on while a part of the mesh is away, that
// no pod is admitted without what it asked for, and that what is applied meanwhile works
// as soon as the part is back.
func TestOutages(t *testing.T) {
	orders, polls, archive := once("orders"), once("polls"), once("archive")
	s := space{Name: "outages", Policy: "REGISTRY_ONLY", Apps: []app{orders, polls, archive}}
	s.create(t)
	for _, a := range s.Apps {
		s.expect(t, a, "v2", "dynamodb", viaSidecar)
	}
	s.expect(t, archive, "v2", "s3", viaSidecar) // makes the bucket
	pod := env.Pod(s.Name, s.pod(t, orders), 8080)
	for i, o := range outages {
		late := space{Name: fmt.Sprint("outages-", i), Policy: "REGISTRY_ONLY", Apps: []app{orders}}
		t.Cleanup(func() { late.remove(t) })
		stop := make(chan struct{})
		calls := repeat(t.Context(), stop, func(ctx context.Context) error { return works(ctx, pod) })
		asking := repeat(t.Context(), stop, func(ctx context.Context) error { return admitted(ctx, s.Name) })
		others := repeat(t.Context(), stop, otherAdmitted)
		space{Name: "aws-mesh-system"}.kubectl(t, "rollout status deployment aws-mesh-webhook")
		long, upload := s.poll(t, polls), s.upload(t, archive)

		struck := time.Now()
		end := o.strike(t)
		applied := late.apply(t.Context())
		ready := time.Since(struck)
		cell(t, []string{o.what, "an app applied meanwhile"}, func(t *testing.T) {
			if applied != nil {
				t.Fatal(applied)
			}
			newcomer := env.Pod(late.Name, late.pod(t, orders), 8080)
			if err := env.Until(t.Context(), "its calls", func(ctx context.Context) error { return works(ctx, newcomer) }); err != nil {
				t.Error(err)
			}
			t.Logf("it is ready %.1f s after the outage began, and works after %.1f s", ready.Seconds(), time.Since(struck).Seconds())
		})
		if end != nil {
			end()
		}
		cell(t, []string{o.what, "a call that lasts"}, func(t *testing.T) { long.check(t, struck) })
		cell(t, []string{o.what, "an upload that lasts"}, func(t *testing.T) { upload.check(t, struck) })
		close(stop)
		cell(t, []string{o.what, "calls"}, calls.check)
		cell(t, []string{o.what, "pods that ask: complete or refused"}, asking.checkRefusals)
		cell(t, []string{o.what, "pods that do not ask"}, others.check)
	}
}

// otherAdmitted asks for a pod that has nothing to do with AWS, nor with Istio.
func otherAdmitted(ctx context.Context) error {
	_, err := admit(ctx, metav1.NamespaceDefault, nil, nil)
	return err
}

// checkRefusals demands that what failed was refused because a webhook did not answer,
// and that not all did.
func (r *repetition) checkRefusals(t *testing.T) {
	r.done.Wait()
	for _, err := range r.errors {
		if !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), "failed calling webhook") {
			t.Error(err)
		}
	}
	if r.n == len(r.errors) {
		t.Errorf("all of %d were refused", r.n)
	}
	t.Logf("%d of %d were refused", len(r.errors), r.n)
}
