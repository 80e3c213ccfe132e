package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// fieldOwner is under which name the API server notes what we write, for GitOps tools
// to leave it alone.
const fieldOwner = client.FieldOwner("aws-mesh-certs")

// Rotation keeps the serving certificate valid and trusted. See the package's doc for
// how. It reconciles one thing: the Secret together with the configurations.
type Rotation struct {
	Client client.Client // cached; needs the objects of [Rotation.Cached]
	Live   client.Reader // not cached

	Secret         client.ObjectKey // exists; may be empty
	Configurations Configurations
	Validity       time.Duration // of a certificate; it is renewed when a third is left
	Settle         time.Duration // from trusting a new certificate to serving it

	stagger time.Duration // after the others: one replica renews, the rest see it

	// issued is what the Secret is to hold next, until it does: a renewal that cannot be
	// written is tried again with the same pair. Each new one would be an event that calls
	// for the next try, and push out of the caBundle the authority that is needed.
	issued map[string][]byte

	serving atomic.Pointer[tls.Certificate]
	next    *tls.Certificate // seen in the Secret, not yet served
	since   time.Time        // when next was first seen to be trusted
}

// Serving is the [Source] of the current certificate; nil before the first.
func (r *Rotation) Serving(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if cert := r.serving.Load(); cert != nil {
		return cert, nil
	}
	return nil, errNoCertificate
}

// Reconcile observes the Secret and the configurations and takes the next step. It
// comes back when the next one is due, and at once when another replica was quicker.
func (r *Rotation) Reconcile(ctx context.Context, _ ctrl.Request) (ctrl.Result, error) {
	result, err := r.step(ctx)
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: again}, nil
	}
	return result, err
}

// again is how long a cache is given to catch up with what was just written.
const again = 50 * time.Millisecond

func (r *Rotation) step(ctx context.Context) (ctrl.Result, error) {
	configurations, err := r.Configurations.read(ctx, r.Client)
	if err != nil {
		return ctrl.Result{}, err
	}
	names, err := serverNames(configurations)
	if err != nil {
		return ctrl.Result{}, err
	}
	var secret corev1.Secret
	if err := r.Client.Get(ctx, r.Secret, &secret); err != nil {
		return ctrl.Result{}, err
	}
	now := time.Now()
	p, left := r.read(secret.Data, names, now)
	if p == nil {
		return r.renew(ctx, configurations, names)
	}
	changed, err := r.trust(ctx, configurations, p.ca)
	if err != nil {
		return ctrl.Result{}, err
	}
	wait := r.serve(ctx, p.serving, changed, now)
	if left <= 0 {
		return r.renew(ctx, configurations, names)
	}
	r.issued = nil
	if wait > 0 {
		left = min(left, wait)
	}
	return ctrl.Result{RequeueAfter: left}, nil
}

// read returns the pair in the data of a Secret, nil if there is no usable one, and how
// long it is until it is to be renewed: not positive if that is now.
func (r *Rotation) read(data map[string][]byte, names []string, now time.Time) (*pair, time.Duration) {
	p, err := parse(data)
	if err != nil || !p.usable(names, now) {
		return nil, 0
	}
	left := p.renewIn(now, r.Validity) + r.stagger
	return p, left
}

// renew trusts a new authority, then writes the pair that it signed. It looks at the
// live Secret first: another replica may have been quicker than our cache.
func (r *Rotation) renew(ctx context.Context, configurations []client.Object, names []string) (ctrl.Result, error) {
	var secret corev1.Secret
	if err := r.Live.Get(ctx, r.Secret, &secret); err != nil {
		return ctrl.Result{}, err
	}
	now := time.Now()
	if _, left := r.read(secret.Data, names, now); left > 0 {
		return ctrl.Result{RequeueAfter: again}, nil
	}
	p, err := r.issue(names, now)
	if err != nil {
		return ctrl.Result{}, err
	}
	if _, err := r.trust(ctx, configurations, p.ca); err != nil {
		return ctrl.Result{}, err
	}
	secret.Data = r.issued
	if err := r.Client.Update(ctx, &secret, fieldOwner); err != nil {
		return ctrl.Result{}, err
	}
	log.FromContext(ctx).Info("serving certificate renewed", "names", names, "expires", p.serving.Leaf.NotAfter)
	return ctrl.Result{}, nil // the watch brings us back
}

// issue makes the pair to be written, unless one is waiting to be.
func (r *Rotation) issue(names []string, now time.Time) (*pair, error) {
	if p, left := r.read(r.issued, names, now); left > 0 {
		return p, nil
	}
	data, err := issue(names, now, r.Validity)
	if err != nil {
		return nil, err
	}
	r.issued = data
	return parse(data)
}

// trust has every configuration trust ca, and reports whether one had to be changed.
func (r *Rotation) trust(ctx context.Context, configurations []client.Object, ca *x509.Certificate) (changed bool, err error) {
	for _, obj := range configurations {
		before := obj.DeepCopyObject().(client.Object)
		differs := false
		for _, c := range clientConfigs(obj) {
			bundle := add(c.CABundle, ca, time.Now())
			differs = differs || string(bundle) != string(c.CABundle)
			c.CABundle = bundle
		}
		if !differs {
			continue
		}
		changed = true
		patch := client.StrategicMergeFrom(before, client.MergeFromWithOptimisticLock{})
		if err := r.Client.Patch(ctx, obj, patch, fieldOwner); err != nil {
			return changed, fmt.Errorf("%s: %w", describe(obj), err)
		}
		log.FromContext(ctx).Info("caBundle updated", "configuration", describe(obj))
	}
	return changed, nil
}

// serve swaps to cert, but not before it has been trusted for Settle, unless what is
// served now is no better. It returns how long to wait.
func (r *Rotation) serve(ctx context.Context, cert *tls.Certificate, changed bool, now time.Time) time.Duration {
	current := r.serving.Load()
	if same(current, cert) {
		return 0
	}
	if changed || !same(r.next, cert) {
		r.next, r.since = cert, now
	}
	if wait := r.Settle - now.Sub(r.since); current != nil && wait > 0 && now.Before(current.Leaf.NotAfter) {
		return wait
	}
	r.serving.Store(cert)
	log.FromContext(ctx).Info("serving certificate loaded", "serial", cert.Leaf.SerialNumber.String(), "expires", cert.Leaf.NotAfter)
	return 0
}
