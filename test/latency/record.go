package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/test/cluster"
)

// A load is how pods are created.
type load struct {
	clients int
	optedIn bool
}

var loads = [...]load{{1, true}, {16, true}, {1, false}, {16, false}}

// A cell is one place of the table.
type cell struct {
	setup string
	load  load
}

// A recorder creates pods and keeps how long each took, by cell and round.
type recorder struct {
	options
	client client.Client
	other  atomic.Int64 // pods of which the other webhooks were asked
	pods   map[bool]*corev1.Pod
	times  map[cell][][]time.Duration
}

func newRecorder(ctx context.Context, env *cluster.Cluster, o options) (*recorder, error) {
	r := &recorder{options: o, times: make(map[cell][][]time.Duration)}
	pod, err := readPod()
	if err != nil {
		return nil, err
	}
	r.pods = map[bool]*corev1.Pod{true: pod, false: plain(pod)}

	cfg := rest.CopyConfig(env.Config)
	cfg.QPS = -1
	cfg.WarningHandlerWithContext = r
	if r.client, err = client.New(cfg, client.Options{}); err != nil {
		return nil, err
	}
	return r, env.CreateNamespace(ctx, namespace)
}

// HandleWarningHeaderWithContext counts the answers of the other webhooks.
func (r *recorder) HandleWarningHeaderWithContext(_ context.Context, _ int, _, text string) {
	if text == seen {
		r.other.Add(1)
	}
}

// rounds gives every setup its turn, another one first in each round, so that whatever
// else the machine does hits all of them alike.
func (r *recorder) rounds(ctx context.Context, setups []*setup) error {
	start := time.Now()
	for round := range r.options.rounds {
		if time.Since(start) > r.limit {
			return nil
		}
		for i := range setups {
			if err := r.turn(ctx, setups[(round+i)%len(setups)]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *recorder) turn(ctx context.Context, s *setup) error {
	if err := s.install(ctx, r.client); err != nil {
		return err
	}
	for _, l := range loads {
		if _, err := r.create(ctx, s, l, l.clients); err != nil { // connections, first of all
			return err
		}
		times, err := r.create(ctx, s, l, r.options.pods*min(l.clients, 4))
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		c := cell{s.name, l}
		r.times[c] = append(r.times[c], times)
		err = r.client.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(namespace), client.GracePeriodSeconds(0))
		if err != nil {
			return err
		}
	}
	return s.remove(ctx, r.client)
}

// create returns how long each of n pods took. It reports an error if a webhook was
// asked that should not have been, or was not.
func (r *recorder) create(ctx context.Context, s *setup, l load, n int) ([]time.Duration, error) {
	r.other.Store(0)
	times := make([]time.Duration, n)
	errs := make(chan error, l.clients)
	var next atomic.Int64
	var clients sync.WaitGroup
	for range l.clients {
		clients.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				pod := r.pods[l.optedIn].DeepCopy()
				start := time.Now()
				err := r.client.Create(ctx, pod)
				times[i] = time.Since(start)
				if err == nil {
					err = s.check(pod, l.optedIn)
				}
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	clients.Wait()
	close(errs)
	if err := <-errs; err != nil {
		return nil, err
	}
	return times, r.asked(s, l, n)
}

// asked sees that the other webhooks were asked of n pods, if they should have been.
func (r *recorder) asked(s *setup, l load, n int) error {
	if !l.optedIn || s.name != allowAll && s.name != annotate {
		n = 0
	}
	if got := r.other.Load(); got != int64(n) {
		return fmt.Errorf("the webhook was asked of %d pods, want %d", got, n)
	}
	return nil
}
