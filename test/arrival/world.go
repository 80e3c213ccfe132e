//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
	"github.com/aws-mesh/aws-mesh/internal/egress"
	"github.com/aws-mesh/aws-mesh/test/node/mesh"
)

// The namespace of the samples, and the prefix of the others that have objects.
const (
	sampled = "arrival"
	other   = "arrival-other-"
)

// A world is the mesh with what is measured in it.
type world struct {
	env      *mesh.Mesh
	client   client.WithWatch
	services string
	hosts    []string
	filled   int // namespaces that have our objects
	envoy    *envoy
}

func newWorld(ctx context.Context, env *mesh.Mesh, o options) (*world, error) {
	config, err := clientcmd.BuildConfigFromFlags("", env.Kubeconfig())
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	w := &world{env: env, services: o.services}
	if w.client, err = client.NewWithWatch(config, client.Options{}); err != nil {
		return nil, err
	}
	status := awsmesh.Status{InMesh: true, Mode: awsmesh.Plaintext, Services: strings.Split(o.services, ","), Endpoints: []endpoints.Params{{Region: "eu-west-1"}}}
	plans, err := status.Plans()
	if err != nil {
		return nil, err
	}
	for _, h := range egress.Desired("", plans).Hosts {
		w.hosts = append(w.hosts, h.Name)
	}
	if err := w.addNamespace(ctx, sampled); err != nil {
		return nil, err
	}
	asked := w.pod(sampled, "asked")
	asked.Annotations, asked.Spec.SchedulerName = nil, ""
	if err := w.client.Create(ctx, asked); err != nil {
		return nil, err
	}
	return w, env.Until(ctx, "the Envoy that is asked", func(ctx context.Context) error {
		if _, err := env.Kubectl(ctx, "-n", sampled, "wait", "pod", "asked", "--for=condition=Ready", "--timeout=1s"); err != nil {
			return err
		}
		w.envoy, err = newEnvoy(string(asked.UID), w.hosts)
		return err
	})
}

// remove removes all that is of this world.
func (w *world) remove() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	errs := []error{w.client.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: sampled}})}
	for n := 1; n < w.filled; n++ {
		errs = append(errs, w.client.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint(other, n)}}))
	}
	return errors.Join(errs...)
}

func (w *world) addNamespace(ctx context.Context, name string) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"istio-injection": "enabled"}}}
	if err := w.client.Create(ctx, namespace); err != nil {
		return err
	}
	return w.env.Until(ctx, "the ServiceAccount of "+name, func(ctx context.Context) error {
		return w.client.Get(ctx, client.ObjectKey{Namespace: name, Name: "default"}, &corev1.ServiceAccount{})
	})
}

// pod returns one that asks for the services, and that no scheduler starts.
func (w *world) pod(namespace, name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Annotations: map[string]string{
			awsmesh.AnnotationServices: w.services, awsmesh.AnnotationRegion: "eu-west-1",
		}},
		Spec: corev1.PodSpec{
			SchedulerName: "none", TerminationGracePeriodSeconds: new(int64),
			Containers: []corev1.Container{{Name: "app", Image: "localhost/sample:node", Env: []corev1.EnvVar{{Name: "AWS_REGION", Value: "eu-west-1"}}}},
		},
	}
}

// fill gives n namespaces, that of the samples included, our objects: by a pod in each.
func (w *world) fill(ctx context.Context, n int) error {
	group, each := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for w.filled = max(w.filled, 1); w.filled < n; w.filled++ {
		name := fmt.Sprint(other, w.filled)
		group.Go(func() error {
			if err := w.addNamespace(each, name); err != nil {
				return err
			}
			return w.client.Create(each, w.pod(name, "web"))
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for want := (n - 1) * len(w.hosts); ; {
		entries := list("ServiceEntry")
		if err := w.client.List(ctx, entries, client.Limit(1)); err != nil { // says how many more there are
			return err
		}
		if rest := entries.GetRemainingItemCount(); want == 0 || len(entries.Items) == want || rest != nil && 1+int(*rest) >= want {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	time.Sleep(5 * time.Second) // istiod has told everybody
	return nil
}

func list(kind string) *unstructured.UnstructuredList {
	l := &unstructured.UnstructuredList{}
	l.SetGroupVersionKind(schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: kind + "List"})
	return l
}
