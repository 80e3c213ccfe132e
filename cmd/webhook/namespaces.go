package main

import (
	"context"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// namespaces reads what a namespace gives to its pods: their region, and Istio's labels.
// The cache is asked first; what it does not have yet is read live, never guessed.
type namespaces struct{ cached, live client.Reader }

// region returns the annotation [awsmesh.AnnotationRegion] of the namespace, empty if it
// has none.
func (n namespaces) region(ctx context.Context, name string) (string, error) {
	ns, err := n.get(ctx, name)
	return ns.Annotations[awsmesh.AnnotationRegion], err
}

func (n namespaces) labels(ctx context.Context, name string) (map[string]string, error) {
	ns, err := n.get(ctx, name)
	return ns.Labels, err
}

func (n namespaces) get(ctx context.Context, name string) (metav1.PartialObjectMetadata, error) {
	ns := metav1.PartialObjectMetadata{}
	ns.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	key := client.ObjectKey{Name: name}
	err := n.cached.Get(ctx, key, &ns)
	if apierrors.IsNotFound(err) {
		err = n.live.Get(ctx, key, &ns)
	}
	return ns, err
}

// keepRead drops all of a namespace but its name and what is read of it before it is
// cached.
func keepRead(obj any) (any, error) {
	o, err := meta.Accessor(obj)
	if err != nil {
		return obj, nil // a tombstone
	}
	kept := map[string]string{}
	if region, ok := o.GetAnnotations()[awsmesh.AnnotationRegion]; ok {
		kept[awsmesh.AnnotationRegion] = region
	}
	o.SetAnnotations(kept)
	labels := o.GetLabels()
	maps.DeleteFunc(labels, func(key, _ string) bool { return !strings.HasPrefix(key, "istio.io/") })
	o.SetLabels(labels)
	o.SetManagedFields(nil)
	return obj, nil
}
