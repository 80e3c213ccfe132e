package egress

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// CacheOptions returns how the manager's cache has to be set up for a [Reconciler]:
// it holds the labelled pods' and the namespaces' metadata and Istio's objects, each
// cut down to what is read.
//
// Istio's kinds cannot be named in ByObject: a cache with a kind that is not installed
// does not start. So they have the default transform.
func CacheOptions() cache.Options {
	return cache.Options{
		ByObject: map[client.Object]cache.ByObject{
			metadata("Pod"): {
				Label:     labels.SelectorFromSet(labels.Set{awsmesh.LabelEgress: "true"}),
				Transform: transform(slimPod),
			},
			metadata("Namespace"): {Transform: transform(slimNamespace)},
		},
		DefaultTransform: transform(slimIstio),
	}
}

func metadata(kind string) *metav1.PartialObjectMetadata {
	m := &metav1.PartialObjectMetadata{}
	m.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: kind})
	return m
}

// transform adapts slim to the cache, which also hands out other types, such as the
// tombstone of a deleted object.
func transform[T any](slim func(T) T) func(any) (any, error) {
	return func(o any) (any, error) {
		if t, ok := o.(T); ok {
			return slim(t), nil
		}
		return o, nil
	}
}

// maxKeptStatus is the longest status that is kept, in bytes. What the webhook writes for all
// services, 126 endpoints, 100 buckets and 20 containers has 22 kB.
const maxKeptStatus = 32 << 10

// slimPod cuts a status that is too long, so that it still is.
func slimPod(pod *metav1.PartialObjectMetadata) *metav1.PartialObjectMetadata {
	slim := &metav1.PartialObjectMetadata{TypeMeta: pod.TypeMeta}
	slim.Name, slim.Namespace, slim.UID, slim.ResourceVersion = pod.Name, pod.Namespace, pod.UID, pod.ResourceVersion
	slim.CreationTimestamp = pod.CreationTimestamp
	if status, ok := pod.Annotations[awsmesh.AnnotationStatus]; ok {
		if len(status) > maxKeptStatus {
			status = strings.Clone(status[:maxKeptStatus+1])
		}
		slim.Annotations = map[string]string{awsmesh.AnnotationStatus: status}
	}
	return slim
}

// slimNamespace keeps the labels, which name the waypoint.
func slimNamespace(ns *metav1.PartialObjectMetadata) *metav1.PartialObjectMetadata {
	ns.ManagedFields, ns.Annotations = nil, nil
	return ns
}

// keyFingerprint marks an object of ours that slimIstio has been at. The API server
// keeps no unknown field there.
const keyFingerprint = "fingerprint"

// slimIstio keeps of an object of ours what tells that it is as it should be, and of
// a user's object what tells whether it stands in our way.
func slimIstio(u *unstructured.Unstructured) *unstructured.Unstructured {
	if _, done := u.Object[keyFingerprint]; done || u.GroupVersionKind() != gvk(u.GetKind()) {
		return u
	}
	slim := &unstructured.Unstructured{Object: map[string]any{}}
	slim.SetGroupVersionKind(u.GroupVersionKind())
	slim.SetName(u.GetName())
	slim.SetNamespace(u.GetNamespace())
	slim.SetUID(u.GetUID())
	slim.SetResourceVersion(u.GetResourceVersion())
	if !ours(u) {
		slim.Object["spec"] = slimSpec(u)
		return slim
	}
	slim.SetLabels(map[string]string{labelManagedBy: managedBy})
	if since, ok := u.GetAnnotations()[annotationUnusedSince]; ok {
		slim.SetAnnotations(map[string]string{annotationUnusedSince: since})
	}
	slim.Object[keyFingerprint] = fingerprint(u)
	slim.Object[keyVisibility] = visibilityOf(u)
	return slim
}

func slimSpec(u *unstructured.Unstructured) map[string]any {
	slim := map[string]any{}
	spec, _ := u.Object["spec"].(map[string]any)
	for _, field := range []string{"host", "hosts", "exportTo", "gateways"} {
		if v, ok := spec[field]; ok {
			slim[field] = v
		}
	}
	return slim
}

func ours(u *unstructured.Unstructured) bool {
	return strings.HasPrefix(u.GetName(), namePrefix) && u.GetLabels()[labelManagedBy] == managedBy
}

// fingerprint returns the same for objects that mean the same to Istio, whatever
// others have added to their metadata.
func fingerprint(u *unstructured.Unstructured) string {
	if f, ok := u.Object[keyFingerprint].(string); ok {
		return f
	}
	b, err := json.Marshal([]any{u.GetLabels()[labelAutoAllocate], u.Object["spec"]})
	if err != nil {
		return "" // what came as JSON goes as JSON; and "" is as no object should be
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
