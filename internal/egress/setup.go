package egress

import (
	"cmp"
	"context"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

const (
	controllerName = "egress"

	// workers is how many namespaces are reconciled at a time. A reconcile is mostly
	// waiting for the API server; the client's rate limit is the caller's.
	workers = 8
)

// SetupWithManager has mgr run r wherever it leads. Nothing else of mgr waits for it:
// while Istio's CRDs are not installed, r alone waits, and says so once a minute.
//
// The rights that it needs, in all namespaces, as deploy/base/rbac.yaml grants them:
//
//	""                   pods, namespaces             list, watch (metadata only)
//	networking.istio.io  destinationrules,            list, watch,
//	                     serviceentries,              create, patch, update, delete
//	                     virtualservices
//	events.k8s.io        events                       create, patch
//
// Server-side apply is a patch, and a create too where the object does not exist.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) (err error) {
	r.MaxHosts = cmp.Or(r.MaxHosts, maxHosts)
	if r.Now == nil {
		r.Now = time.Now
	}
	if r.Recorder == nil {
		r.Recorder = mgr.GetEventRecorder("aws-mesh")
	}
	if r.Client == nil {
		if r.Client, err = newClient(mgr); err != nil {
			return err
		}
	}
	if r.metrics, err = newMetrics(ctrlmetrics.Registry); err != nil {
		return err
	}
	return mgr.Add(&runnable{reconciler: r, mgr: mgr})
}

// newClient returns a client that reads the cache, after what it wrote itself has
// arrived there: else every write would be followed by a needless second one.
func newClient(mgr ctrl.Manager) (client.Client, error) {
	consistent := true
	return client.New(mgr.GetConfig(), client.Options{
		HTTPClient: mgr.GetHTTPClient(),
		Scheme:     mgr.GetScheme(),
		Mapper:     mgr.GetRESTMapper(),
		Cache: &client.CacheOptions{
			Reader:                          mgr.GetCache(),
			Unstructured:                    true,
			EnableReadYourWritesConsistency: &consistent,
		},
	})
}

// runnable is the controller, once there is something to watch.
type runnable struct {
	reconciler *Reconciler
	mgr        ctrl.Manager
}

// NeedLeaderElection says that the leader alone writes.
func (*runnable) NeedLeaderElection() bool { return true }

// Start waits for Istio's CRDs and runs the controller until ctx ends.
func (r *runnable) Start(ctx context.Context) error {
	log := r.mgr.GetLogger().WithName(controllerName)
	if err := awaitCRDs(ctx, r.mgr.GetRESTMapper(), log); err != nil {
		return nil // ctx has ended
	}
	c, err := r.controller(log)
	if err != nil {
		return err
	}
	for _, kind := range kinds() {
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(gvk(kind))
		if err := r.mgr.GetFieldIndexer().IndexField(ctx, u, indexClaims, index); err != nil {
			return err
		}
		if err := c.Watch(source.Kind(r.mgr.GetCache(), u, handler.TypedEnqueueRequestsFromMapFunc(r.reconciler.concerned), istioChanged())); err != nil {
			return err
		}
	}
	if err := c.Watch(source.Kind(r.mgr.GetCache(), metadata("Pod"), handler.TypedEnqueueRequestsFromMapFunc(ofPod), podChanged())); err != nil {
		return err
	}
	if err := c.Watch(source.Kind(r.mgr.GetCache(), metadata("Namespace"), handler.TypedEnqueueRequestsFromMapFunc(itself), namespaceChanged())); err != nil {
		return err
	}
	return c.Start(ctx)
}

func (r *runnable) controller(log logr.Logger) (controller.Controller, error) {
	options := controller.Options{
		Reconciler:              r.reconciler,
		MaxConcurrentReconciles: workers,
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[ctrl.Request](50*time.Millisecond, time.Minute),
		ReconciliationTimeout:   2 * time.Minute,
		LogConstructor: func(req *ctrl.Request) logr.Logger {
			if req == nil {
				return log
			}
			return log.WithValues("namespace", req.Name)
		},
	}
	options.DefaultFromConfig(r.mgr.GetControllerOptions())
	return controller.NewUnmanaged(controllerName, options)
}
