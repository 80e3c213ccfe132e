package egress

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// report says what there is to say of a namespace: once, not at every reconcile.
func (r *Reconciler) report(ctx context.Context, s *situation, c changes) {
	log := ctrl.LoggerFrom(ctx)
	reported := map[string]bool{}
	for _, p := range s.found {
		key := string(p.object.GetUID()) + p.reason + p.note
		if reported[key] = true; s.memory.reported[key] {
			continue
		}
		r.Recorder.Eventf(p.object, nil, corev1.EventTypeWarning, p.reason, "Reconcile", "%s", p.note)
		log.Info("needs attention", "kind", p.object.GetObjectKind().GroupVersionKind().Kind,
			"object", client.ObjectKeyFromObject(p.object), "reason", p.reason, "note", p.note)
	}
	s.memory.reported = reported
	if !c.none() {
		log.Info("egress changed", "hosts", len(s.egress.Hosts), "applied", len(c.apply),
			"unused", len(c.mark), "neededAgain", len(c.unmark), "deleted", len(c.delete))
	}
	r.count(s, c)
	if len(s.live) == 0 && len(s.pods) == 0 {
		r.forget(s.egress.Namespace)
	}
}

func (r *Reconciler) count(s *situation, c changes) {
	ignored := 0
	for _, p := range s.pods {
		if p.err != nil {
			ignored++
		}
	}
	set(r.metrics.conflicts, s.egress.Namespace, len(c.left))
	set(r.metrics.ignored, s.egress.Namespace, ignored)
	r.metrics.objects.Add(float64(len(s.live) - s.memory.objects))
	s.memory.objects = len(s.live)
}

// forget drops what is remembered and counted of a namespace.
func (r *Reconciler) forget(namespace string) {
	if m := r.memory.forget(namespace); m != nil {
		r.metrics.objects.Sub(float64(m.objects))
	}
	set(r.metrics.conflicts, namespace, 0)
	set(r.metrics.ignored, namespace, 0)
}
