//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// clean removes a pod and what it has opened, and waits until the Envoy knows.
func (w *world) clean(ctx context.Context, pod *corev1.Pod) error {
	if err := w.client.Delete(ctx, pod, client.GracePeriodSeconds(0)); err != nil {
		return err
	}
	if err := w.env.Until(ctx, "objects that nobody needs", w.unneeded); err != nil {
		return err
	}
	for _, kind := range []string{"ServiceEntry", "VirtualService", "DestinationRule"} {
		u := &unstructured.Unstructured{}
		gvk := list(kind).GroupVersionKind()
		gvk.Kind = kind
		u.SetGroupVersionKind(gvk)
		if err := w.client.DeleteAllOf(ctx, u, client.InNamespace(sampled)); err != nil {
			return err
		}
	}
	_, err := w.envoy.until(ctx, false)
	time.Sleep(200*time.Millisecond + rand.N(100*time.Millisecond))
	return err
}

// unneeded reports that the controller has not marked all objects as unused.
func (w *world) unneeded(ctx context.Context) error {
	for _, kind := range []string{"ServiceEntry", "VirtualService", "DestinationRule"} {
		objects := list(kind)
		if err := w.client.List(ctx, objects, client.InNamespace(sampled)); err != nil {
			return err
		}
		for _, u := range objects.Items {
			if u.GetAnnotations()["aws-mesh/unused-since"] == "" {
				return fmt.Errorf("%s %s is needed", kind, u.GetName())
			}
		}
	}
	return nil
}
