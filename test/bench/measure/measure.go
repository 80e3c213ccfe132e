// Package measure times one admission handler, from the bytes of a review to the bytes
// of its response. It imports the standard library alone, so that a peer with its own
// versions of Kubernetes can be measured by the same code.
package measure

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"syscall"
	"testing"
	"time"
)

// A Result is the cost of one review.
type Result struct {
	Nanoseconds float64 // of CPU, garbage collection included
	Allocs      int64   // heap allocations
	Bytes       int64   // allocated on the heap
	PatchBytes  int     // of the JSON patch, before base64
}

// Handler answers review again and again for about d, after it has seen once that the
// handler patches it.
func Handler(h http.Handler, review []byte, d time.Duration) (Result, error) {
	patch, err := Patch(h, review)
	if err != nil {
		return Result{}, err
	}
	var w response
	r := newRequest()
	body := bytes.NewReader(review)
	result, err := Func(d, func() bool {
		w.reset()
		body.Reset(review)
		r.Body = nopCloser{body}
		r.ContentLength = int64(len(review))
		h.ServeHTTP(&w, r)
		return w.code < http.StatusBadRequest && w.body.Len() > len(patch)
	})
	result.PatchBytes = len(patch)
	return result, err
}

// Valid scans review with [json.Valid]: the least that a handler can do.
func Valid(review []byte, d time.Duration) (Result, error) {
	return Func(d, func() bool { return json.Valid(review) })
}

// Func runs op again and again for about d. It reports an error if op ever returns false.
func Func(d time.Duration, op func() bool) (Result, error) {
	testing.Init()
	if err := flag.Set("test.benchtime", d.String()); err != nil {
		return Result{}, err
	}
	ok := true
	var used time.Duration
	b := testing.Benchmark(func(b *testing.B) { //nolint:thelper // it is the benchmark
		b.ReportAllocs()
		start := cpuTime()
		for b.Loop() {
			ok = op() && ok
		}
		used = cpuTime() - start
	})
	if !ok {
		return Result{}, errors.New("an answer was not like the first one")
	}
	return Result{
		Nanoseconds: float64(used.Nanoseconds()) / float64(b.N),
		Allocs:      b.AllocsPerOp(),
		Bytes:       b.AllocedBytesPerOp(),
	}, nil
}

// cpuTime returns what this process has used. Unlike the time on the wall it leaves out
// when others had the CPU.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // there is no such error
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
