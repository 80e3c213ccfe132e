package main

import (
	"runtime"
	"slices"
	"syscall"
	"time"
)

// A result is what one operation costs, on average over a turn.
type result struct {
	CPU    float64 // nanoseconds of this process, user and system, garbage collection included
	Time   float64 // nanoseconds on the wall
	P50    float64 // of that
	P99    float64
	Allocs float64 // heap allocations
	Bytes  float64 // allocated on the heap
	Envoy  float64 // nanoseconds of CPU of the sidecar

	Operations float64 // in all, those to get going included
}

// measureTurn does op again and again for about d, after a fifth of d to get going.
func measureTurn(op func() error, d time.Duration) (result, error) {
	took := make([]time.Duration, 0, 1<<20) // no allocation while it is measured
	warm, err := repeat(op, d/5, took)
	if err != nil {
		return result{}, err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used, start := cpuTime(), time.Now()
	took, err = repeat(op, d, took)
	used, wall := cpuTime()-used, time.Since(start)
	runtime.ReadMemStats(&after)
	n := float64(len(took))
	slices.Sort(took)
	return result{
		CPU:        float64(used.Nanoseconds()) / n,
		Time:       float64(wall.Nanoseconds()) / n,
		P50:        float64(took[len(took)/2].Nanoseconds()),
		P99:        float64(took[len(took)*99/100].Nanoseconds()),
		Allocs:     float64(after.Mallocs-before.Mallocs) / n,
		Bytes:      float64(after.TotalAlloc-before.TotalAlloc) / n,
		Operations: n + float64(len(warm)),
	}, err
}

// repeat returns how long each took, in the room that took has.
func repeat(op func() error, d time.Duration, took []time.Duration) ([]time.Duration, error) {
	for start, last := time.Now(), time.Duration(0); last < d; {
		if err := op(); err != nil {
			return took, err
		}
		now := time.Since(start)
		took, last = append(took, now-last), now
	}
	return took, nil
}

// cpuTime returns what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // there is no such error
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
