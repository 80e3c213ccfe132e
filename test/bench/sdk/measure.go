package main

import (
	"runtime"
	"syscall"
	"time"
)

// A result is what one operation costs, on average over a turn.
type result struct {
	CPU    float64 // nanoseconds of this process, user and system, garbage collection included
	Time   float64 // nanoseconds on the wall
	Allocs float64 // heap allocations
	Bytes  float64 // allocated on the heap
}

// measureTurn does op again and again for about d, after a fifth of d to get going.
func measureTurn(op func() error, d time.Duration) (result, error) {
	if _, err := repeat(op, d/5); err != nil {
		return result{}, err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used, start := cpuTime(), time.Now()
	n, err := repeat(op, d)
	used, took := cpuTime()-used, time.Since(start)
	runtime.ReadMemStats(&after)
	return result{
		CPU:    float64(used.Nanoseconds()) / n,
		Time:   float64(took.Nanoseconds()) / n,
		Allocs: float64(after.Mallocs-before.Mallocs) / n,
		Bytes:  float64(after.TotalAlloc-before.TotalAlloc) / n,
	}, err
}

func repeat(op func() error, d time.Duration) (n float64, err error) {
	for start := time.Now(); n == 0 || time.Since(start) < d; n++ {
		if err := op(); err != nil {
			return n, err
		}
	}
	return n, nil
}

// cpuTime returns what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // there is no such error
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
