package main

import (
	"os"

	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	ctrl "sigs.k8s.io/controller-runtime"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/aws-mesh/aws-mesh/internal/egress"
)

// newController returns what only the leader runs. Its metrics are served with the
// webhook's.
func newController(cfg *rest.Config, o options) (ctrl.Manager, error) {
	lock, err := newLock(cfg, o)
	if err != nil {
		return nil, err
	}
	renew, retry := o.renewDeadline(), o.egressLease/6
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Cache:                               egress.CacheOptions(),
		LeaderElection:                      true,
		LeaderElectionResourceLockInterface: lock,
		LeaderElectionReleaseOnCancel:       true,
		LeaseDuration:                       &o.egressLease,
		RenewDeadline:                       &renew,
		RetryPeriod:                         &retry,
		Metrics:                             metricsserver.Options{BindAddress: off},
		HealthProbeBindAddress:              off,
	})
	if err != nil {
		return nil, err
	}
	r := &egress.Reconciler{Retention: o.egressRetention, Gateway: o.egressGateway, RootNamespace: o.istioNamespace, Waypoints: o.waypoints}
	return mgr, r.SetupWithManager(mgr)
}

// newLock returns the lock that the leader holds. controller-runtime's own would also
// write Events, for which the webhook would need the right, and it knows no identity that
// outlives the process.
func newLock(cfg *rest.Config, o options) (resourcelock.Interface, error) {
	identity := o.identity
	if identity == "" {
		host, err := os.Hostname()
		if err != nil {
			return nil, err
		}
		identity = host + "_" + string(uuid.NewUUID())
	}
	cfg = rest.CopyConfig(cfg)
	cfg.Timeout = o.renewDeadline() / 2 // one request that hangs does not lose the lease
	c, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, err
	}
	return resourcelock.New(resourcelock.LeasesResourceLock, o.namespace, "aws-mesh-egress",
		c.CoreV1(), c.CoordinationV1(), resourcelock.ResourceLockConfig{Identity: identity})
}
