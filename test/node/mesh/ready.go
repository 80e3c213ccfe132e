//go:build linux

package mesh

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ready waits for all pods, and then until both injectors are at work: a rollout is over
// before all know where the webhooks are.
func (m *Mesh) ready(ctx context.Context) error {
	all, each := errgroup.WithContext(ctx)
	all.Go(func() error { return m.Rollout(each, "kube-system", "coredns") })
	all.Go(func() error { return m.Rollout(each, "istio-system", "istiod") })
	all.Go(func() error { return m.Rollout(each, "aws-mesh-system", "aws-mesh-webhook") })
	all.Go(func() error {
		return m.Until(each, "AWS's stand-in", func(ctx context.Context) error {
			_, err := m.AWS().get(ctx, "ca.pem")
			return err
		})
	})
	if err := all.Wait(); err != nil {
		return err
	}
	for _, injector := range []struct {
		what, injects string
		metadata      metav1.ObjectMeta
	}{
		{"Istio's injector", "istio-proxy", metav1.ObjectMeta{Labels: map[string]string{"sidecar.istio.io/inject": "true"}}},
		{"our webhook", "AWS_MESH_IN_MESH", metav1.ObjectMeta{Annotations: map[string]string{"aws-mesh/services": "dynamodb", "aws-mesh/region": "eu-west-1"}}},
	} {
		if err := m.Until(ctx, injector.what, func(ctx context.Context) error {
			return m.injected(ctx, injector.metadata, injector.injects)
		}); err != nil {
			return err
		}
	}
	return nil
}

// injected reports that a pod with that metadata would be admitted without what is wanted
// in it.
func (m *Mesh) injected(ctx context.Context, metadata metav1.ObjectMeta, want string) error {
	client, err := m.Client()
	if err != nil {
		return err
	}
	metadata.Name = "probe"
	pod, err := client.CoreV1().Pods("default").Create(ctx, &corev1.Pod{
		ObjectMeta: metadata,
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app"}}},
	}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return err
	}
	text, err := json.Marshal(pod)
	if err == nil && !strings.Contains(string(text), want) {
		err = fmt.Errorf("a pod is admitted without %s", want)
	}
	return err
}
