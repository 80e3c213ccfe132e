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
	lock, err := newLock(cfg, o.namespace)
	if err != nil {
		return nil, err
	}
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Cache:                               egress.CacheOptions(),
		LeaderElection:                      true,
		LeaderElectionResourceLockInterface: lock,
		LeaderElectionReleaseOnCancel:       true,
		Metrics:                             metricsserver.Options{BindAddress: off},
		HealthProbeBindAddress:              off,
	})
	if err != nil {
		return nil, err
	}
	r := &egress.Reconciler{Retention: o.egressRetention, Gateway: o.egressGateway, Waypoints: o.waypoints}
	return mgr, r.SetupWithManager(mgr)
}

// newLock returns the lock that the leader holds. controller-runtime's own would also
// write Events, for which the webhook would need the right.
func newLock(cfg *rest.Config, namespace string) (resourcelock.Interface, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	c, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, err
	}
	return resourcelock.New(resourcelock.LeasesResourceLock, namespace, "aws-mesh-egress",
		c.CoreV1(), c.CoordinationV1(), resourcelock.ResourceLockConfig{Identity: host + "_" + string(uuid.NewUUID())})
}
