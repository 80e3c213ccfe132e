//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A step of a sample.
type step struct {
	name string
	of   func(sample) time.Duration
}

var (
	all = []step{
		{"created → admitted", func(s sample) time.Duration { return s.admitted }},
		{"created → objects applied", func(s sample) time.Duration { return s.applied }},
		{"objects applied → routes usable", func(s sample) time.Duration { return s.usable - s.applied }},
		{"created → routes usable", func(s sample) time.Duration { return s.usable }},
	}
	started = []step{
		{"created → routes usable", func(s sample) time.Duration { return s.usable }},
		{"created → sidecar's process", func(s sample) time.Duration { return s.sidecar }},
		{"created → routes usable in it", func(s sample) time.Duration { return s.own }},
		{"created → application's process", func(s sample) time.Duration { return s.app }},
		{"routes usable → sidecar's process", func(s sample) time.Duration { return s.sidecar - s.usable }},
		{"routes usable → application's process", func(s sample) time.Duration { return s.app - s.usable }},
		{"… in its sidecar → application's process", func(s sample) time.Duration { return s.app - s.own }},
	}
)

// report shows percentiles, in milliseconds.
func report(namespaces int, samples []sample) string {
	at := slices.IndexFunc(samples, func(s sample) bool { return s.app > 0 })
	if at < 0 {
		at = len(samples)
	}
	var b strings.Builder
	table(&b, fmt.Sprintf("%d namespaces, %d pods", namespaces, at), samples[:at], all)
	table(&b, fmt.Sprintf("%d pods that start", len(samples)-at), samples[at:], started)
	if at > 0 {
		usable := sorted(samples[:at], all[3].of)
		for _, p := range []int{50, 99} {
			fmt.Fprintf(&b, "arrival.usable_p%d_ms_%d: %.0f\n", p, namespaces, percentile(usable, p))
		}
	}
	late := 0
	for _, s := range samples[at:] {
		if s.app < s.own {
			late++
		}
	}
	fmt.Fprintf(&b, "arrival.late_%d: %d\n\n", namespaces, late)
	return b.String()
}

func table(b *strings.Builder, title string, samples []sample, steps []step) {
	if len(samples) == 0 {
		return
	}
	fmt.Fprintf(b, "%-40s %8s %8s %8s %8s\n", title+", ms", "least", "p50", "p99", "most")
	for _, step := range steps {
		ms := sorted(samples, step.of)
		fmt.Fprintf(b, "%-40s %8.0f %8.0f %8.0f %8.0f\n", step.name, ms[0], percentile(ms, 50), percentile(ms, 99), ms[len(ms)-1])
	}
}

func sorted(samples []sample, of func(sample) time.Duration) (ms []float64) {
	for _, s := range samples {
		ms = append(ms, of(s).Seconds()*1000)
	}
	slices.Sort(ms)
	return ms
}

func percentile(sorted []float64, p int) float64 { return sorted[len(sorted)*p/100] }
