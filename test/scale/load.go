package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
	"github.com/aws-mesh/aws-mesh/internal/egress"
	"github.com/aws-mesh/aws-mesh/test/cluster"
)

// A load makes pods, and sees when their objects are there.
type load struct {
	client  client.Client
	status  string
	objects int // of a namespace
	hosts   int

	mu   sync.Mutex
	seen map[string]int           // ServiceEntries, the last object of each host, by namespace
	done map[string]chan struct{} // closed when a namespace has all of them
	all  int                      // namespaces that have
}

func newLoad(ctx context.Context, c *cluster.Cluster, services []string) (*load, error) {
	cfg := rest.CopyConfig(c.Config)
	cfg.QPS = -1
	cl, err := client.New(cfg, client.Options{})
	if err != nil {
		return nil, err
	}
	status := awsmesh.Status{
		InMesh: true, Reason: "the pod has a sidecar that takes port 443", Mode: awsmesh.Plaintext,
		Services: services, Endpoints: []endpoints.Params{{Region: "eu-west-1"}},
	}
	plans, err := status.Plans()
	if err != nil {
		return nil, err
	}
	e := egress.Desired("", plans)
	l := &load{
		client: cl, status: status.String(), objects: len(e.Objects()), hosts: len(e.Hosts),
		seen: map[string]int{}, done: map[string]chan struct{}{},
	}
	if err := l.watch(ctx, cfg); err != nil {
		return nil, err
	}
	return l, nil
}

// watch counts ServiceEntries until ctx ends.
func (l *load) watch(ctx context.Context, cfg *rest.Config) error {
	watcher, err := cache.New(cfg, cache.Options{})
	if err != nil {
		return err
	}
	go func() { _ = watcher.Start(ctx) }() // it ends with ctx, and its informers report errors themselves
	entry := &metav1.PartialObjectMetadata{}
	entry.SetGroupVersionKind(schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "ServiceEntry"})
	informer, err := watcher.GetInformer(ctx, entry)
	if err != nil {
		return err
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{AddFunc: func(o any) {
		if u, ok := o.(*metav1.PartialObjectMetadata); ok {
			l.see(u.Namespace)
		}
	}})
	return err
}

func (l *load) see(namespace string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen[namespace]++; l.seen[namespace] == l.hosts {
		l.all++
		close(l.done[namespace])
	}
}

func (l *load) addNamespace(ctx context.Context, name string) error {
	l.mu.Lock()
	l.done[name] = make(chan struct{})
	l.mu.Unlock()
	return l.client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
}

func (l *load) addPod(ctx context.Context, namespace string, i int) error {
	return l.client.Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: fmt.Sprintf("orders-7d9c5b8f64-%05d", i),
			Labels:      map[string]string{awsmesh.LabelEgress: "true", "app": "orders", "pod-template-hash": "7d9c5b8f64"},
			Annotations: map[string]string{awsmesh.AnnotationStatus: l.status, awsmesh.AnnotationServices: "dynamodb,s3"},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/orders:1"}}},
	})
}

// fill makes namespaces with pods, and waits until all of them have their objects.
func (l *load) fill(ctx context.Context, namespaces, pods int, progress io.Writer) error {
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for n := range namespaces {
		group.Go(func() error {
			name := fmt.Sprintf("team-%04d", n)
			if err := l.addNamespace(groupCtx, name); err != nil {
				return err
			}
			for p := range pods {
				if err := l.addPod(groupCtx, name, p); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for tick := 0; ; tick++ {
		l.mu.Lock()
		all := l.all
		l.mu.Unlock()
		if all == namespaces {
			return nil
		}
		if tick%10 == 0 {
			fmt.Fprintf(progress, "%d of %d namespaces have their objects\n", all, namespaces)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// latencies returns, sorted, how long it took from the request that creates a pod, the
// first one of its namespace, to the last of its objects as a watch sees it.
func (l *load) latencies(ctx context.Context, samples int) ([]time.Duration, error) {
	var out []time.Duration
	for i := range samples {
		name := fmt.Sprintf("sample-%04d", i)
		if err := l.addNamespace(ctx, name); err != nil {
			return nil, err
		}
		time.Sleep(50 * time.Millisecond)
		l.mu.Lock()
		done := l.done[name]
		l.mu.Unlock()
		began := time.Now()
		if err := l.addPod(ctx, name, 0); err != nil {
			return nil, err
		}
		select {
		case <-done:
			out = append(out, time.Since(began))
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Minute):
			return nil, fmt.Errorf("namespace %s has no objects after a minute", name)
		}
	}
	slices.Sort(out)
	return out, nil
}
