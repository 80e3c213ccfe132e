//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/test/node"
)

// A sample is what became of one pod, each time from the request that creates it. The last
// three are only of pods that were started.
type sample struct {
	admitted, applied, usable time.Duration
	sidecar, app              time.Duration // their processes
	own                       time.Duration // usable in the pod's own sidecar
}

func (w *world) samples(ctx context.Context, o options) ([]sample, error) {
	var all []sample
	for n := range o.samples + o.pods {
		s, err := w.sample(ctx, fmt.Sprintf("sample-%d", n), n >= o.samples)
		if err != nil {
			return all, fmt.Errorf("sample %d: %w", n, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// sample creates a pod that alone in its namespace needs the hosts, and cleans up.
func (w *world) sample(ctx context.Context, name string, start bool) (s sample, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	entries := list("ServiceEntry")
	watcher, err := w.client.Watch(ctx, entries, client.InNamespace(sampled))
	if err != nil {
		return s, err
	}
	defer watcher.Stop()
	pod := w.pod(sampled, name)
	if start {
		pod.Spec.SchedulerName = ""
	}
	began, booted := time.Now(), sinceBoot()
	var all errgroup.Group
	all.Go(func() error {
		err := w.client.Create(ctx, pod)
		s.admitted = time.Since(began)
		if err != nil || !start {
			return err
		}
		when, err := w.own(ctx, pod)
		s.own = when.Sub(began)
		return err
	})
	all.Go(func() error {
		err := w.arrive(ctx, watcher)
		s.applied = time.Since(began)
		return err
	})
	all.Go(func() error {
		when, err := w.envoy.until(ctx, true)
		s.usable = when.Sub(began)
		return err
	})
	if err := all.Wait(); err != nil {
		return s, err
	}
	if start {
		if err := w.started(ctx, pod, booted, &s); err != nil {
			return s, err
		}
	}
	return s, w.clean(ctx, pod)
}

// arrive waits for the ServiceEntries, which are the last object of each host.
func (w *world) arrive(ctx context.Context, watcher watch.Interface) error {
	seen := map[string]bool{}
	for len(seen) < len(w.hosts) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d hosts have their objects: %w", len(seen), len(w.hosts), ctx.Err())
		case event := <-watcher.ResultChan():
			if u, ok := event.Object.(*unstructured.Unstructured); ok && event.Type == watch.Added {
				seen[u.GetName()] = true
			}
		}
	}
	return nil
}

// own returns when the routes could be used in the sidecar of the pod itself.
func (w *world) own(ctx context.Context, pod *corev1.Pod) (when time.Time, err error) {
	var e *envoy
	for e == nil {
		if e, err = newEnvoy(string(pod.UID), w.hosts); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			return when, errors.Join(err, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	defer e.network.Close()
	return e.until(ctx, true)
}

// started learns when the processes of the sidecar and of the application began.
func (w *world) started(ctx context.Context, pod *corev1.Pod, booted time.Duration, s *sample) error {
	return w.env.Until(ctx, "the application's process", func(context.Context) error {
		for name, when := range map[string]*time.Duration{"sample": &s.app, "pilot-agent": &s.sidecar} {
			pid, err := node.Process(string(pod.UID), name)
			if err != nil {
				return err
			}
			at, err := processStart(pid)
			if err != nil {
				return err
			}
			*when = at - booted
		}
		return nil
	})
}
