package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// kubectl runs a command, whose words have no space in them.
func kubectl(t *testing.T, command string) {
	t.Helper()
	if _, err := env.Kubectl(t.Context(), strings.Fields(command)...); err != nil {
		t.Fatal(err)
	}
}

func (s space) kubectl(t *testing.T, command string) {
	t.Helper()
	kubectl(t, "--namespace "+s.Name+" "+command)
}

// pods returns those with a label, of which there is one at least.
func pods(t *testing.T, namespace, label string) []corev1.Pod {
	t.Helper()
	client, err := env.Client()
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: label})
	if err != nil || len(list.Items) == 0 {
		t.Fatalf("%d pods %s in %s: %v", len(list.Items), label, namespace, err)
	}
	return list.Items
}

// pod returns the name of an app's pod.
func (s space) pod(t *testing.T, a app) string {
	t.Helper()
	client, err := env.Client()
	if err != nil {
		t.Fatal(err)
	}
	pods, err := client.CoreV1().Pods(s.Name).List(t.Context(), metav1.ListOptions{LabelSelector: "app=" + a.Name})
	if err != nil {
		t.Fatal(err)
	}
	if len(pods.Items) != 1 {
		t.Fatalf("%d pods of %s/%s, want 1", len(pods.Items), s.Name, a.Name)
	}
	return pods.Items[0].Name
}

// get returns an app's pod.
func (s space) get(t *testing.T, a app) *corev1.Pod {
	t.Helper()
	client, err := env.Client()
	if err != nil {
		t.Fatal(err)
	}
	pod, err := client.CoreV1().Pods(s.Name).Get(t.Context(), s.pod(t, a), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return pod
}

// gone waits until a namespace that an earlier round has left is not on its way out any
// more: nothing can be made in it meanwhile.
func gone(ctx context.Context, name string) error {
	client, err := env.Client()
	if err != nil {
		return err
	}
	return env.Until(ctx, "the last round's namespace "+name+" to be gone", func(ctx context.Context) error {
		namespace, err := client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return nil
		case err == nil && namespace.DeletionTimestamp != nil:
			return fmt.Errorf("%s: %+v", namespace.Status.Phase, namespace.Status.Conditions)
		}
		return err
	})
}
