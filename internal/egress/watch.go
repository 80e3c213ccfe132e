package egress

import (
	"context"
	"maps"
	"reflect"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
)

const (
	crdPoll   = 2 * time.Second
	crdNotice = time.Minute

	// indexClaims finds the user's objects by the name that ours for the same host
	// would have.
	indexClaims = "claims"
)

// awaitCRDs returns once all of our kinds are served, or with ctx's error.
func awaitCRDs(ctx context.Context, mapper meta.RESTMapper, log logr.Logger) error {
	var said time.Time
	return wait.PollUntilContextCancel(ctx, crdPoll, true, func(context.Context) (bool, error) {
		for _, kind := range kinds() {
			if _, err := mapper.RESTMapping(gvk(kind).GroupKind(), gvk(kind).Version); err != nil {
				if time.Since(said) >= crdNotice {
					said = time.Now()
					log.Info("Istio CRDs not installed, waiting; no AWS host is opened", "kind", gvk(kind).String(), "reason", err.Error())
				}
				return false, nil
			}
		}
		return true, nil
	})
}

func index(o client.Object) []string {
	if u, ok := o.(*unstructured.Unstructured); ok {
		return claimedNames(u)
	}
	return nil
}

func ofPod(_ context.Context, pod *metav1.PartialObjectMetadata) []ctrl.Request {
	return []ctrl.Request{request(pod.Namespace)}
}

// itself: pods may be known before their namespace is, and the labels say which waypoint
// it has.
func itself(_ context.Context, ns *metav1.PartialObjectMetadata) []ctrl.Request {
	return []ctrl.Request{request(ns.Name)}
}

// concerned returns the namespaces for which u matters: its own if it is ours, and
// those that need a host of a user's object, or have objects of its name.
func (r *Reconciler) concerned(_ context.Context, u *unstructured.Unstructured) []ctrl.Request {
	if ours(u) {
		return []ctrl.Request{request(u.GetNamespace())}
	}
	var requests []ctrl.Request
	for _, namespace := range r.memory.namespaces(append(claimedNames(u), u.GetName())) {
		requests = append(requests, request(namespace))
	}
	return requests
}

func request(namespace string) ctrl.Request {
	return ctrl.Request{NamespacedName: client.ObjectKey{Name: namespace}}
}

// podChanged drops a pod's updates that we do not read, which are nearly all. An update
// without a new version is the cache's periodic one.
func podChanged() predicate.TypedPredicate[*metav1.PartialObjectMetadata] {
	return predicate.TypedFuncs[*metav1.PartialObjectMetadata]{
		UpdateFunc: func(e event.TypedUpdateEvent[*metav1.PartialObjectMetadata]) bool {
			was, is := e.ObjectOld, e.ObjectNew
			return was.ResourceVersion == is.ResourceVersion || was.UID != is.UID || !reflect.DeepEqual(was.Annotations, is.Annotations)
		},
	}
}

// namespaceChanged does the same for namespaces. One that was made anew may look like an
// update.
func namespaceChanged() predicate.TypedPredicate[*metav1.PartialObjectMetadata] {
	return predicate.TypedFuncs[*metav1.PartialObjectMetadata]{
		UpdateFunc: func(e event.TypedUpdateEvent[*metav1.PartialObjectMetadata]) bool {
			return e.ObjectOld.UID != e.ObjectNew.UID || !maps.Equal(e.ObjectOld.Labels, e.ObjectNew.Labels)
		},
	}
}

// istioChanged does the same for Istio's objects, which get a status.
func istioChanged() predicate.TypedPredicate[*unstructured.Unstructured] {
	same := func(a, b *unstructured.Unstructured) bool {
		return ours(a) == ours(b) && a.GetUID() == b.GetUID() &&
			reflect.DeepEqual(a.Object["spec"], b.Object["spec"]) && a.Object[keyFingerprint] == b.Object[keyFingerprint] &&
			visibilityOf(a) == visibilityOf(b) &&
			a.GetAnnotations()[annotationUnusedSince] == b.GetAnnotations()[annotationUnusedSince]
	}
	return predicate.TypedFuncs[*unstructured.Unstructured]{
		UpdateFunc: func(e event.TypedUpdateEvent[*unstructured.Unstructured]) bool {
			was, is := e.ObjectOld, e.ObjectNew
			return was.GetResourceVersion() == is.GetResourceVersion() || !same(was, is)
		},
	}
}
