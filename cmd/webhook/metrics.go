package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// measureAdmission returns what [mutate.Handler.Observe] calls: how many requests had
// which outcome, and how long the answers took.
func measureAdmission(registry prometheus.Registerer) (func(outcome string, took time.Duration), error) {
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "aws_mesh_admission_duration_seconds",
		Help:    "Time from an admission request's arrival to its answer, by outcome: patched, unchanged, refused, malformed or busy.",
		Buckets: prometheus.ExponentialBuckets(50e-6, 4, 8), // 50 µs to 0.8 s
	}, []string{"outcome"})
	return func(outcome string, took time.Duration) {
		duration.WithLabelValues(outcome).Observe(took.Seconds())
	}, registry.Register(duration)
}
