package main

import (
	"fmt"
	"net"
	"path/filepath"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/aws-mesh/aws-mesh/certs"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// newAdmission returns what every replica runs: the webhook, its certificate, health and
// metrics. Readiness ends when draining is closed.
func newAdmission(cfg *rest.Config, o options, draining <-chan struct{}) (ctrl.Manager, error) {
	rotation := &certs.Rotation{
		Secret:         types.NamespacedName{Namespace: o.namespace, Name: o.certSecret},
		Configurations: o.configurations,
		Validity:       o.certValidity,
		Settle:         o.certSettle(),
	}
	cached := rotation.Cached()
	if o.certDir != "" {
		cached = o.configurations.Cached()
	}
	cached[&corev1.Namespace{}] = cache.ByObject{Transform: keepRead}

	srv := &server{
		Server:   webhook.NewServer(webhook.Options{}),
		addr:     net.JoinHostPort(o.host, strconv.Itoa(o.port)),
		draining: draining,
	}
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		WebhookServer:          srv,
		Cache:                  cache.Options{ByObject: cached},
		Metrics:                metricsserver.Options{BindAddress: o.metricsAddr},
		HealthProbeBindAddress: o.healthAddr,
	})
	if err != nil {
		return nil, err
	}
	srv.serving, err = certificate(mgr, rotation, o.certDir)
	if err != nil {
		return nil, err
	}
	if err := register(mgr, o); err != nil {
		return nil, err
	}
	trust := certs.Trust{Reader: mgr.GetClient(), Configurations: o.configurations, Serving: srv.serving}
	return mgr, checks(mgr, logged(trust.Check, mgr.GetLogger()), notDraining(draining))
}

// certificate starts what keeps the serving certificate current.
func certificate(mgr ctrl.Manager, rotation *certs.Rotation, dir string) (certs.Source, error) {
	if dir == "" {
		rotation.Client, rotation.Live = mgr.GetClient(), mgr.GetAPIReader()
		return rotation.Serving, rotation.SetupWithManager(mgr)
	}
	files, err := certwatcher.New(filepath.Join(dir, corev1.TLSCertKey), filepath.Join(dir, corev1.TLSPrivateKeyKey))
	if err != nil {
		return nil, fmt.Errorf("--cert-dir: %w", err)
	}
	return files.GetCertificate, mgr.Add(files)
}

// register puts the two handlers at the paths that the webhook configurations name.
func register(mgr ctrl.Manager, o options) error {
	observe, err := measureAdmission(metrics.Registry)
	if err != nil {
		return err
	}
	ns := namespaces{cached: mgr.GetClient(), live: mgr.GetAPIReader()}
	handler := mutate.Handler{
		Options: mutate.Options{
			DefaultRegion:   o.defaultRegion,
			ExcludeIPRanges: o.excludeRanges,
			NamespaceRegion: ns.region,
		},
		Log:     mgr.GetLogger().WithName("admission"),
		Observe: observe,
	}
	if o.waypoints {
		handler.Options.NamespaceLabels = ns.labels
	}
	mgr.GetWebhookServer().Register("/mutate", handler.Mutate())
	mgr.GetWebhookServer().Register("/validate", handler.Validate())
	return nil
}

func checks(mgr ctrl.Manager, trusted, serving healthz.Checker) error {
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return err
	}
	if err := mgr.AddReadyzCheck("certificate", trusted); err != nil {
		return err
	}
	return mgr.AddReadyzCheck("shutdown", serving)
}
