package egress

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	fieldOwner = client.FieldOwner("aws-mesh")

	// The mark has an owner of its own, so that it can be set and taken off without
	// the rest of the object at hand.
	markOwner = client.FieldOwner("aws-mesh-retention")
)

// hostsAtATime is how many hosts of one namespace are applied at a time.
const hostsAtATime = 4

// act carries out c, and returns all that went wrong. Of a host whose new objects are
// refused, it deletes none: without them it could be called in plaintext all the way.
func (r *Reconciler) act(ctx context.Context, c changes, now time.Time, s *situation) error {
	if c.none() {
		return nil
	}
	hosts := s.egress.hostsByName()
	errs, failed := r.applyAll(ctx, c.apply, hosts, now, s)
	for _, u := range c.unmark {
		errs = append(errs, r.mark(ctx, u, nil))
	}
	for _, u := range c.mark {
		errs = append(errs, r.mark(ctx, u, map[string]string{annotationUnusedSince: now.UTC().Format(time.RFC3339)}))
	}
	for _, u := range c.delete {
		if !failed[hostOf(u, hosts)] {
			errs = append(errs, r.delete(ctx, u))
		}
	}
	return errors.Join(errs...)
}

// applyAll applies objects, those of one host in their order, at the gateway first. After
// one that cannot be applied, the host gets none: it must not be open without TLS
// origination. Those hosts are failed.
func (r *Reconciler) applyAll(ctx context.Context, objects []*unstructured.Unstructured, hosts map[string]string, now time.Time, s *situation) (errs []error, failed map[string]bool) {
	byHost := map[string][]*unstructured.Unstructured{}
	for _, u := range objects {
		byHost[hostOf(u, hosts)] = append(byHost[hostOf(u, hosts)], u)
	}
	failed = map[string]bool{}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(hostsAtATime)
	for host, objects := range byHost {
		group.Go(func() error {
			for _, u := range objects {
				refused, err := r.apply(ctx, u)
				mu.Lock()
				if refused != nil {
					s.refuse(u, *refused, now)
				}
				if err != nil {
					failed[host] = true
					errs = append(errs, fmt.Errorf("apply %s: %w", describe(u), err))
				}
				mu.Unlock()
				if err != nil {
					break
				}
			}
			return nil
		})
	}
	_ = group.Wait() // its functions return nil
	return errs, failed
}

// hostsByName returns the hosts of e by the names of their objects, at the gateway too: a
// name does not tell its host.
func (e Egress) hostsByName() map[string]string {
	hosts := map[string]string{}
	for _, h := range e.Hosts {
		hosts[Name(h.Name)], hosts[Name(h.Name+atGateway)] = h.Name, h.Name
	}
	return hosts
}

// hostOf returns the host that u is for. What is for none of hosts is by itself.
func hostOf(u *unstructured.Unstructured, hosts map[string]string) string {
	return cmp.Or(hosts[u.GetName()], u.GetName())
}

// apply makes u so. Server-side apply leaves fields that others have added; in our
// spec there must be none (think of insecureSkipVerify), so then it is replaced. It
// returns the attempt if that did not last either.
func (r *Reconciler) apply(ctx context.Context, u *unstructured.Unstructured) (*attempt, error) {
	desired := u.DeepCopy()
	a := attempt{want: fingerprint(desired)}
	r.metrics.writes.WithLabelValues("apply").Inc()
	err := r.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), fieldOwner, client.ForceOwnership)
	if err == nil && fingerprint(u) != a.want {
		u.Object["spec"] = desired.Object["spec"]
		r.metrics.writes.WithLabelValues("update").Inc()
		err = r.Client.Update(ctx, u, fieldOwner)
	}
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return nil, nil // all of it is going
	}
	if a.got = fingerprint(u); err != nil || a.got == a.want {
		return nil, err
	}
	return &a, nil
}

// refuse notes that somebody else has changed u since we wrote it.
func (s *situation) refuse(u *unstructured.Unstructured, a attempt, now time.Time) {
	s.memory.refused[refTo(u)] = refusal{attempt: a, until: now.Add(refusalPause)}
	s.found = append(s.found, problem{u, reasonRefused,
		"aws-mesh wrote this object, and something in the cluster changed it at once: look for a mutating webhook or policy on it, or remove the label " + labelManagedBy + " to keep it as it is"})
}

// mark sets, or takes off, our annotation. The uid keeps apply from making a new object
// where this one has gone.
func (r *Reconciler) mark(ctx context.Context, live *unstructured.Unstructured, annotations map[string]string) error {
	u := identity(live)
	u.SetAnnotations(annotations)
	r.metrics.writes.WithLabelValues("mark").Inc()
	err := r.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), markOwner, client.ForceOwnership)
	if err != nil {
		return fmt.Errorf("mark %s: %w", describe(live), err)
	}
	return nil
}

// delete deletes exactly the object that was seen: not a newer one, and not one that the
// user has made theirs since.
func (r *Reconciler) delete(ctx context.Context, live *unstructured.Unstructured) error {
	uid, version := live.GetUID(), live.GetResourceVersion()
	r.metrics.writes.WithLabelValues("delete").Inc()
	err := r.Client.Delete(ctx, identity(live), client.Preconditions{UID: &uid, ResourceVersion: &version})
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete %s: %w", describe(live), err)
	}
	return nil
}

// identity returns what names live. The client writes to what it is given, and live is
// the cache's.
func identity(live *unstructured.Unstructured) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(live.GroupVersionKind())
	u.SetName(live.GetName())
	u.SetNamespace(live.GetNamespace())
	u.SetUID(live.GetUID())
	return u
}
