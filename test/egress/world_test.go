package egress

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
	"github.com/aws-mesh/aws-mesh/internal/egress"
	"github.com/aws-mesh/aws-mesh/test/cluster"
)

func TestCRDsArriveLater(t *testing.T) {
	c, err := cluster.Start(t.Context(), cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	s := newSpace(t, c.Client, "early")
	s.addPod("web", status("sqs").String())
	const patience = 20 * time.Second // of a manager whose caches do not fill
	run := start(t, c, &egress.Reconciler{}, func(o *ctrl.Options) { o.Controller.CacheSyncTimeout = patience })

	t.Log("the rest of the process, as the webhook, is up and stays up")
	other := make(chan struct{})
	if err := run.mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		close(other)
		<-ctx.Done()
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	<-other
	time.Sleep(patience + time.Second)
	if n := strings.Count(run.log.String(), "Istio CRDs not installed, waiting"); n != 1 {
		t.Errorf("said %d times that it waits, want once a minute", n)
	}
	select {
	case err := <-run.done:
		t.Fatalf("the manager gave up: %v", err)
	default:
	}

	t.Log("Istio is installed")
	if err := c.InstallIstioCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { // this test's client learns of the new kinds
		_, err := c.Client.RESTMapper().RESTMapping(schema.GroupKind{Group: "networking.istio.io", Kind: "DestinationRule"}, "v1")
		return err
	})
	s.has("sqs")
}

func TestNamespaceBeingDeleted(t *testing.T) {
	s := newSpace(t, env.Client, "deleted")
	run := start(t, env, &egress.Reconciler{Retention: egress.DefaultRetention})
	s.addPod("web", status("dynamodb").String())
	s.has("dynamodb")
	held := newPod(s.name, "held", status("sqs").String())
	held.Finalizers = []string{"example.com/hold"}
	s.must(s.client.Create(t.Context(), held))
	s.has("dynamodb", "sqs")
	run.settle()
	before := len(run.writes.to(s.name))

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.name}}
	s.must(s.client.Delete(t.Context(), ns))
	eventually(t, func() error { // Kubernetes deletes the pods before all else
		err := s.client.Get(t.Context(), client.ObjectKeyFromObject(held), held)
		if err == nil && held.DeletionTimestamp == nil {
			err = errors.New("the pod is not being deleted yet")
		}
		return err
	})
	s.delete(s.named("ServiceEntry", "aws-mesh-sqs.eu-west-1.amazonaws.com"))
	time.Sleep(500 * time.Millisecond)
	s.must(s.client.Patch(t.Context(), held, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))))
	eventually(t, func() error {
		if err := s.client.Get(t.Context(), client.ObjectKey{Name: s.name}, ns); !apierrors.IsNotFound(err) {
			return fmt.Errorf("namespace: %v %v", ns.Status.Conditions, err)
		}
		return nil
	})
	if w := run.writes.to(s.name)[before:]; len(w) > 0 {
		t.Errorf("writes to a namespace that is being deleted: %q", w)
	}
	if text := run.log.String(); strings.Contains(text, "Reconciler error") {
		t.Error("errors in the log")
	}
}

func TestManyNamespacesAtOnce(t *testing.T) {
	const n = 200
	run := start(t, env, &egress.Reconciler{})
	spaces := make([]space, n)
	each(n, func(i int) {
		spaces[i] = newSpace(t, env.Client, fmt.Sprintf("many-%03d", i))
	})
	began := time.Now()
	each(n, func(i int) {
		for p := range 3 {
			spaces[i].addPod(fmt.Sprint("web-", p), status("sqs", "sts").String())
		}
	})
	for _, s := range spaces {
		s.has("sqs", "sts")
	}
	t.Logf("%d namespaces: %v", n, time.Since(began))
	run.settle()
	want := n * len(spaces[0].desired("sqs", "sts"))
	if got := len(run.writes.to("")); got != want {
		t.Errorf("%d writes for %d objects", got, want)
	}
}

// each runs f for 0 to n-1, 16 at a time.
func each(n int, f func(int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				f(int(i))
			}
		})
	}
	wg.Wait()
}

// Of two replicas only the leader writes, and the other one takes over.
func TestLeader(t *testing.T) {
	s := newSpace(t, env.Client, "leader")
	elect := func(o *ctrl.Options) {
		o.LeaderElection, o.LeaderElectionID, o.LeaderElectionNamespace = true, "egress-test", s.name
		o.LeaderElectionReleaseOnCancel = true
		o.LeaseDuration, o.RenewDeadline, o.RetryPeriod = new(time.Minute), new(40*time.Second), new(time.Second)
	}
	leader := start(t, env, &egress.Reconciler{}, elect)
	<-leader.mgr.Elected()
	follower := start(t, env, &egress.Reconciler{}, elect)
	s.addPod("web", status("sqs").String())
	s.has("sqs")
	leader.settle()
	if n := len(follower.writes.to("")); n > 0 {
		t.Errorf("%d writes by a replica that does not lead", n)
	}
	leader.stop()
	s.addPod("worker", status("sns").String())
	s.has("sns", "sqs")
}

// Every host of these services, in several partitions and variants, gives objects that
// Istio's schema accepts, to the last field.
func TestObjectsAreValid(t *testing.T) {
	s := newSpace(t, env.Client, "valid")
	services := []string{"s3", "dynamodb", "sqs", "sts", "logs", "lambda", "iot-data", "kinesisvideo", "dsql", "timestream-write"}
	var n int
	for _, params := range []endpoints.Params{
		{Region: "us-east-1"}, {Region: "us-gov-west-1", FIPS: true}, {Region: "eu-west-1", DualStack: true},
		{Region: "cn-north-1"}, {Region: "eusc-de-east-1"},
	} {
		for _, mode := range []awsmesh.Mode{awsmesh.Plaintext, awsmesh.Passthrough} {
			for _, service := range services {
				plan, err := awsmesh.PlanFor(awsmesh.Request{Services: []string{service}, Mode: mode}, params)
				if err != nil {
					continue // not there, or not in this variant
				}
				for _, u := range egress.Desired(s.name, []awsmesh.Plan{plan}).Objects() {
					want := content([]*unstructured.Unstructured{u.DeepCopy()})
					if err := s.client.Create(t.Context(), u, client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict)); err != nil {
						t.Errorf("%s %s %+v: %v", service, mode, params, err)
					}
					if got := content([]*unstructured.Unstructured{u}); got != want {
						t.Errorf("the API server changed it to\n%s\nfrom\n%s", got, want)
					}
					n++
				}
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d objects", n)
	}
	t.Logf("%d objects", n)
}
