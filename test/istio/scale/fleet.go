package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A fleet is one sidecar of each namespace.
type fleet []*sidecar

func newFleet(ctx context.Context, i *istiod, d *design) (fleet, error) {
	var f fleet
	for n, namespace := range d.namespaces {
		s, err := connect(ctx, i.discovery, namespace, n, "outbound|443|tls|"+d.changing())
		if err != nil {
			return nil, err
		}
		f = append(f, s)
	}
	return f, f.await(ctx, "all sidecars have their configuration", (*sidecar).synced)
}

// await waits until all sidecars are as they should be.
func (f fleet) await(ctx context.Context, what string, is func(*sidecar) bool) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for at := 0; at < len(f); {
		if is(f[at]) {
			at++
			continue
		}
		if failed := f[at].failed.Load(); failed != nil {
			return fmt.Errorf("until %s: a sidecar lost istiod: %w", what, *failed)
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), fmt.Errorf("until %s: %d of %d do", what, at, len(f)))
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// quiet waits until nothing more has come for a second.
func (f fleet) quiet(ctx context.Context) error {
	for before := int64(-1); ; {
		now := f.responses()
		if now == before {
			return nil
		}
		before = now
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

func (f fleet) responses() (n int64) {
	for _, s := range f {
		n += s.responses.Load()
	}
	return n
}

// counts returns the responses of each.
func (f fleet) counts() []int64 {
	counts := make([]int64, len(f))
	for i, s := range f {
		counts[i] = s.responses.Load()
	}
	return counts
}

// pushed returns how many sidecars have got something since counts.
func (f fleet) pushed(since []int64) (n float64) {
	for i, count := range f.counts() {
		if count != since[i] {
			n++
		}
	}
	return n
}
