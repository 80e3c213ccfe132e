package certs

import (
	"context"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Cached returns how the configurations are to be cached: each by its name, so that
// RBAC can grant to list and watch just these.
func (c Configurations) Cached() map[client.Object]cache.ByObject {
	by := map[client.Object]cache.ByObject{}
	for _, obj := range c.Objects() {
		by[obj] = cache.ByObject{Field: byName(obj.GetName())}
	}
	return by
}

// Cached returns how the objects that r reads are to be cached: each by its name.
func (r *Rotation) Cached() map[client.Object]cache.ByObject {
	by := r.Configurations.Cached()
	by[&corev1.Secret{}] = cache.ByObject{Namespaces: map[string]cache.Config{
		r.Secret.Namespace: {FieldSelector: byName(r.Secret.Name)},
	}}
	return by
}

func byName(name string) fields.Selector {
	return fields.OneTermEqualSelector(metav1.ObjectNameField, name)
}

// SetupWithManager starts r with mgr, on every replica.
func (r *Rotation) SetupWithManager(mgr ctrl.Manager) error {
	every := false
	r.stagger = rand.N(r.Validity/20 + 1)
	b := ctrl.NewControllerManagedBy(mgr).Named("certs").WithOptions(controller.Options{
		NeedLeaderElection: &every,
		// The default waits up to 16 minutes; a hole in the caBundle must not.
		RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](10*time.Millisecond, 10*time.Second),
	})
	for _, obj := range append(r.Configurations.Objects(), &corev1.Secret{}) {
		b = b.Watches(obj, handler.EnqueueRequestsFromMapFunc(r.request))
	}
	return b.Complete(r)
}

// request maps every event to the one thing there is to reconcile.
func (r *Rotation) request(context.Context, client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: r.Secret}}
}
