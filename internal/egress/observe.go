package egress

import (
	"cmp"
	"context"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A situation is what one reconcile of a namespace deals with.
type situation struct {
	observation
	pods   []podPlan
	memory *remembered
	found  []problem
}

// observe reads, from the cache, all that concerns namespace.
func (r *Reconciler) observe(ctx context.Context, namespace string) (*situation, error) {
	pods, err := r.pods(ctx, namespace)
	if err != nil {
		return nil, err
	}
	s := &situation{}
	s.egress, s.pods = planPods(namespace, pods, r.MaxHosts)
	if slices.ContainsFunc(s.pods, podPlan.viaWaypoint) {
		if err := r.checkWaypoint(ctx, namespace); err != nil {
			s.egress, s.pods = withoutWaypoint(namespace, s.pods, err)
		}
	}
	s.egress.Gateway, s.egress.RootNamespace = r.Gateway, r.RootNamespace
	names := map[string]bool{}
	for _, l := range s.egress.legs() {
		names[Name(l.host)] = true
	}
	inNamespace, err := r.istio(ctx, client.InNamespace(namespace))
	if err != nil {
		return nil, err
	}
	byName := map[string][]*unstructured.Unstructured{} // the user's
	for _, u := range inNamespace {
		if !ours(u) {
			byName[u.GetName()] = append(byName[u.GetName()], u)
			continue
		}
		s.live = append(s.live, u)
		names[u.GetName()] = true
	}
	// Noted before the claims are read, so that a claim that appears in between
	// brings us back.
	s.memory = r.memory.of(namespace, names)
	s.refused = s.memory.pending(r.Now())
	if s.claims, err = r.claims(ctx, s.egress, names, byName); err != nil {
		return nil, err
	}
	s.found = problems(s.observation, s.pods)
	return s, nil
}

func (r *Reconciler) pods(ctx context.Context, namespace string) ([]*metav1.PartialObjectMetadata, error) {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(metadata("PodList").GroupVersionKind())
	if err := r.Client.List(ctx, list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	var pods []*metav1.PartialObjectMetadata
	for i := range list.Items {
		pods = append(pods, &list.Items[i])
	}
	return pods, nil
}

// istio lists the objects of our kinds, in a stable order. They are the cache's own, as
// the pods are: nobody may change them.
func (r *Reconciler) istio(ctx context.Context, opts ...client.ListOption) ([]*unstructured.Unstructured, error) {
	opts = append(opts, client.UnsafeDisableDeepCopy)
	var objects []*unstructured.Unstructured
	for _, kind := range kinds() {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(gvk(kind + "List"))
		if err := r.Client.List(ctx, list, opts...); err != nil {
			return nil, err
		}
		for i := range list.Items {
			objects = append(objects, &list.Items[i])
		}
	}
	slices.SortFunc(objects, func(a, b *unstructured.Unstructured) int {
		return cmp.Or(
			strings.Compare(a.GetName(), b.GetName()),
			strings.Compare(a.GetNamespace(), b.GetNamespace()),
			strings.Compare(a.GetKind(), b.GetKind()),
		)
	})
	return objects, nil
}

// claims finds what stands in the way of each of names.
func (r *Reconciler) claims(ctx context.Context, e Egress, names map[string]bool, byName map[string][]*unstructured.Unstructured) (map[string][]claim, error) {
	claims := map[string][]claim{}
	for name := range names {
		// We never write these: no need to wait for our own writes.
		objects, err := r.istio(ctx, client.MatchingFields{indexClaims: name}, client.DisableReadYourWritesConsistency)
		if err != nil {
			return nil, err
		}
		objects = append(objects, byName[name]...)
		if found := e.claimsOn(name, objects); found != nil {
			claims[name] = found
		}
	}
	return claims, nil
}
