//go:build linux

package node

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// serves reports why the API server is not ready.
func (n *Node) serves(ctx context.Context) error {
	client, err := n.Client()
	if err != nil {
		return err
	}
	return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}

// ready reports why the node takes no pods.
func (n *Node) ready(ctx context.Context) error {
	client, err := n.Client()
	if err != nil {
		return err
	}
	node, err := client.CoreV1().Nodes().Get(ctx, Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady && c.Status != corev1.ConditionTrue {
			return fmt.Errorf("the node is not ready: %s", c.Message)
		}
	}
	if len(node.Status.Conditions) == 0 {
		return fmt.Errorf("kubelet has not said yet how the node %q is", Name)
	}
	return nil
}

// Rollout waits until the pods of a Deployment are as it says, and available.
func (n *Node) Rollout(ctx context.Context, namespace, deployment string) error {
	return n.Until(ctx, "the Deployment "+namespace+"/"+deployment, func(ctx context.Context) error {
		client, err := n.Client()
		if err != nil {
			return err
		}
		d, err := client.AppsV1().Deployments(namespace).Get(ctx, deployment, metav1.GetOptions{})
		if err != nil {
			return err
		}
		want := *d.Spec.Replicas
		if is := d.Status; is.ObservedGeneration < d.Generation || is.UpdatedReplicas < want || is.AvailableReplicas < want || is.Replicas > want {
			return fmt.Errorf("%d pods, %d of them as they should be, and %d available, want %d%s", is.Replicas, is.UpdatedReplicas, is.AvailableReplicas, want, said(d))
		}
		return nil
	})
}

// said is what the conditions say that are not as they should be.
func said(d *appsv1.Deployment) (all string) {
	for _, c := range d.Status.Conditions {
		if (c.Status == corev1.ConditionTrue) == (c.Type == appsv1.DeploymentReplicaFailure) {
			all += "; " + c.Message
		}
	}
	return all
}
