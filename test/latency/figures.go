package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// table returns the percentiles of every cell, in milliseconds, over all rounds.
func (r *recorder) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-28s %-18s %7s %8s %8s\n", "pods", "webhook", "creates", "p50 ms", "p99 ms")
	for _, l := range loads {
		for _, setup := range []string{none, noneAgain, allowAll, annotate, ourOwn} {
			all := slices.Concat(r.times[cell{setup, l}]...)
			fmt.Fprintf(&b, "%-28s %-18s %7d %8.2f %8.2f\n", l, setup, len(all),
				percentile(all, 50).Seconds()*1e3, percentile(all, 99).Seconds()*1e3)
		}
	}
	return b.String()
}

func (l load) String() string {
	if l.optedIn {
		return fmt.Sprintf("opted in, c=%d", l.clients)
	}
	return fmt.Sprintf("not opted in, c=%d", l.clients)
}

// measures returns what the table comes to. The noise is what no webhook comes to against
// no webhook.
func (r *recorder) measures() string {
	var b strings.Builder
	for _, clients := range []int{1, 16} {
		in, out := load{clients, true}, load{clients, false}
		for _, m := range []struct {
			name        string
			load        load
			setup, base string
		}{
			{"ours_vs_allow", in, ourOwn, allowAll},
			{"ours_vs_annotate", in, ourOwn, annotate},
			{"ours_vs_none", in, ourOwn, none},
			{"not_opted_in_vs_none", out, ourOwn, none},
			{"noise", out, noneAgain, none},
		} {
			fmt.Fprintf(&b, "latency.c%d.%s_p50: %.2f\n", clients, m.name, r.ratio(m.load, m.setup, m.base))
		}
	}
	return b.String()
}

// ratio compares the medians of two setups round by round and returns the median ratio:
// what changes slowly, such as the load of the machine, drops out.
func (r *recorder) ratio(l load, setup, base string) float64 {
	a, b := r.times[cell{setup, l}], r.times[cell{base, l}]
	ratios := make([]float64, min(len(a), len(b)))
	for i := range ratios {
		ratios[i] = percentile(a[i], 50).Seconds() / percentile(b[i], 50).Seconds()
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// percentile returns the p-th percentile of times.
func percentile(times []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[(len(sorted)-1)*p/100]
}
