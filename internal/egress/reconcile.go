package egress

import (
	"context"
	"time"

	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// DefaultRetention outlasts the pause between two runs of most CronJobs.
const DefaultRetention = 10 * time.Minute

// maxHosts is the default of [Reconciler.MaxHosts]. All services of AWS in one region
// need about 700.
const maxHosts = 1000

// refusalPause is how long a change that did not last is left alone.
const refusalPause = 10 * time.Minute

// A Reconciler keeps the Istio objects of namespaces as their pods need them. The
// manager's cache must be set up with [CacheOptions].
type Reconciler struct {
	// Retention is how long a host stays open after the last pod that needs it has
	// gone. 0: not at all.
	Retention time.Duration

	// MaxHosts bounds the hosts of a namespace, those in retention included; the
	// pods that came first have them. Default 1000.
	MaxHosts int

	// Waypoints: open hosts for ambient pods through the waypoint of their namespace.
	// For meshes whose serviceEntryVisibility is NAMESPACE: else ambient pods of other
	// namespaces would be sent to that waypoint too.
	Waypoints bool

	// Gateway is the egress gateway of all namespaces. Default: none.
	Gateway Gateway

	// RootNamespace is Istio's, meshConfig.rootNamespace. Default: [DefaultRootNamespace].
	RootNamespace string

	// Client reads from the cache, and waits there for what it wrote. Default: one
	// made for the manager.
	Client client.Client

	// Recorder takes the Events for pods and for objects of the user. Default: the
	// manager's.
	Recorder events.EventRecorder

	// Now is the clock. Default [time.Now].
	Now func() time.Time

	metrics metrics
	memory  memory
}

// Reconcile makes one namespace, the name of req, as it should be: observe, decide,
// act. It writes nothing that is right already. Its error joins all that went wrong.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	gone, err := r.gone(ctx, req.Name)
	if err != nil {
		return ctrl.Result{}, err
	}
	if gone {
		r.forget(req.Name)
		return ctrl.Result{}, nil
	}
	s, err := r.observe(ctx, req.Name)
	if err != nil {
		return ctrl.Result{}, err
	}
	now := r.Now()
	c := decide(s.observation, now, limits{retention: r.Retention, hosts: r.MaxHosts})
	err = r.act(ctx, c, now, s)
	r.report(ctx, s, c)
	return ctrl.Result{RequeueAfter: s.next(c, now)}, err
}

// gone reports whether namespace is being deleted, or has been: then all that is in it
// goes without us.
func (r *Reconciler) gone(ctx context.Context, namespace string) (bool, error) {
	ns := metadata("Namespace")
	err := r.Client.Get(ctx, client.ObjectKey{Name: namespace}, ns)
	return err != nil || ns.DeletionTimestamp != nil, client.IgnoreNotFound(err)
}

// next returns after what time namespace has to be looked at without an event; 0:
// never.
func (s *situation) next(c changes, now time.Time) time.Duration {
	next := c.next
	for _, refusal := range s.memory.refused {
		if left := max(refusal.until.Sub(now), time.Second); next == 0 || left < next {
			next = left
		}
	}
	return next
}
