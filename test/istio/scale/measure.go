package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"github.com/aws-mesh/aws-mesh/test/cluster"
)

// A result is what a design costs for so many namespaces. Times are in seconds, sizes in
// MiB unless they say otherwise.
type result struct {
	design     string
	namespaces int
	values     map[string]float64
}

func measure(ctx context.Context, n int, name string, o options) (r result, err error) {
	r = result{design: name, namespaces: n, values: map[string]float64{}}
	c, err := cluster.Start(ctx, cluster.Options{CRDs: true})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d, err := newDesign(c, name, n, o.services)
	if err != nil {
		return r, err
	}
	start := time.Now()
	objects, err := d.fill(ctx)
	if err != nil {
		return r, err
	}
	r.values[fill], r.values[count] = time.Since(start).Seconds(), float64(objects)
	if err := r.stored(ctx, c); err != nil {
		return r, err
	}
	i, err := newIstiod(c)
	if err != nil {
		return r, err
	}
	start = time.Now()
	if err := i.start(ctx); err != nil {
		return r, err
	}
	defer i.stop()
	r.values[ready] = time.Since(start).Seconds()
	f, err := newFleet(ctx, i, d)
	if err != nil {
		return r, err
	}
	r.values[synced] = time.Since(start).Seconds()
	return r, errors.Join(r.rest(ctx, i, f), r.one(ctx, i, f, d, o.changes), r.all(ctx, i, f, d, o.changes), r.peak(i))
}

// stored says how large the objects are for the API server.
func (r *result) stored(ctx context.Context, c *cluster.Cluster) error {
	client, err := rest.HTTPClientFor(c.Config)
	if err != nil {
		return err
	}
	host := strings.TrimSuffix(c.Config.Host, "/")
	for _, kind := range []string{"serviceentries", "destinationrules", "virtualservices"} {
		list, err := get(ctx, client, host+"/apis/networking.istio.io/v1/"+kind)
		if err != nil {
			return err
		}
		r.values[size] += float64(len(list)) / (1 << 20)
	}
	text, err := get(ctx, client, host+"/metrics")
	r.values[apiserver] = parse(text)["process_resident_memory_bytes"] / (1 << 20)
	r.values[etcd] = parse(text)["apiserver_storage_size_bytes"] / (1 << 20)
	return err
}

// rest looks at istiod when everything has calmed down.
func (r *result) rest(ctx context.Context, i *istiod, f fleet) error {
	if err := f.quiet(ctx); err != nil {
		return err
	}
	used, err := i.cpu()
	if err != nil {
		return err
	}
	r.values[startCPU] = used.Seconds()
	for _, s := range f {
		r.values[config] += float64(s.bytes.Load()) / float64(len(f)) / 1024
	}
	if r.values[resident], _, err = i.memory(); err != nil {
		return err
	}
	r.values[heap], err = i.heap(ctx)
	return err
}

// one opens a host to one namespace more.
func (r *result) one(ctx context.Context, i *istiod, f fleet, d *design, times int) error {
	var took, pushed, cpu []float64
	for n := range times {
		at := n * 7 % len(f)
		change := func(open bool) (seconds, used float64, err error) {
			return timed(ctx, i, f, func() error {
				if err := d.open(ctx, d.namespaces[at], open); err != nil {
					return err
				}
				return f[at:at+1].await(ctx, "one has its change", func(s *sidecar) bool { return s.sum.Load() != 0 == open })
			})
		}
		if _, _, err := change(false); err != nil {
			return err
		}
		counts := f.counts()
		seconds, used, err := change(true)
		if err != nil {
			return err
		}
		took, cpu, pushed = append(took, seconds), append(cpu, used), append(pushed, f.pushed(counts))
	}
	r.values[oneTime], r.values[oneCPU], r.values[onePushed] = median(took), median(cpu), median(pushed)
	return nil
}

// all changes a host of all namespaces.
func (r *result) all(ctx context.Context, i *istiod, f fleet, d *design, times int) error {
	var took, written, cpu []float64
	for n := range times {
		before := make(map[*sidecar]uint64, len(f))
		for _, s := range f {
			before[s] = s.sum.Load()
		}
		var write float64
		seconds, used, err := timed(ctx, i, f, func() error {
			start := time.Now()
			if err := d.changeAll(ctx, 20+n); err != nil {
				return err
			}
			write = time.Since(start).Seconds()
			return f.await(ctx, "all have their change", func(s *sidecar) bool { return s.sum.Load() != before[s] })
		})
		if err != nil {
			return err
		}
		took, written, cpu = append(took, seconds), append(written, write), append(cpu, used)
	}
	r.values[allTime], r.values[allWrite], r.values[allCPU] = median(took), median(written), median(cpu)
	return nil
}

// timed returns how long a change takes and, when all is quiet, what CPU time istiod has
// used for it.
func timed(ctx context.Context, i *istiod, f fleet, change func() error) (took, used float64, err error) {
	before, err := i.cpu()
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	if err := change(); err != nil {
		return 0, 0, err
	}
	took = time.Since(start).Seconds()
	if err := f.quiet(ctx); err != nil {
		return 0, 0, err
	}
	after, err := i.cpu()
	return took, (after - before).Seconds(), err
}

// peak looks at what it was at most.
func (r *result) peak(i *istiod) (err error) {
	_, r.values[most], err = i.memory()
	return err
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
