package main

import (
	"fmt"
	"math"
	"strings"
)

// What is looked at of a turn through Envoy.
func envoyCPU(r result) float64 { return r.Envoy }
func allCPU(r result) float64   { return r.CPU + r.Envoy }
func p50(r result) float64      { return r.P50 }
func p99(r result) float64      { return r.P99 }

// envoyReport shows the ways side by side, and what ours costs compared with TLS that no
// sidecar sees, and with TLS through a sidecar: what there is in a mesh without us.
func envoyReport(contenders []*contender) string {
	var b strings.Builder
	for _, operation := range []string{get, busy, fresh, put} {
		fmt.Fprintf(&b, "%-30s %10s %10s %10s %10s\n", operation+", µs", "CPU app", "CPU Envoy", "p50", "p99")
		for _, c := range contenders {
			if c.operation == operation {
				fmt.Fprintf(&b, "%-30s %10.1f %10.1f %10.1f %10.1f\n", c.name(), c.median(cpu)/1e3, c.median(envoyCPU)/1e3, c.median(p50)/1e3, c.median(p99)/1e3)
			}
		}
		fmt.Fprintln(&b)
	}
	fmt.Fprintf(&b, "%-34s %10s %16s\n", "measure", "median", "rounds")
	var all []measure
	for _, sdk := range []string{v1, v2} {
		all = append(all, line{contenders, get}.envoyMeasures(sdk, "envoy."+sdk+".get")...)
		all = append(all, line{contenders, fresh}.envoyMeasures(sdk, "envoy."+sdk+".new_connection")...)
		if sdk == v2 {
			all = append(all, line{contenders, busy}.envoyMeasures(sdk, "envoy."+sdk+".get_8")...)
		}
		all = append(all, line{contenders, put}.envoyMeasures(sdk, "envoy."+sdk+".put8m")...)
	}
	for _, m := range all {
		b.WriteString(m.row())
	}
	fmt.Fprintln(&b)
	for _, m := range all {
		fmt.Fprintf(&b, "%s: %s\n", m.name, m.format(m.value()))
	}
	return b.String()
}

func (l line) envoyMeasures(sdk, name string) []measure {
	return []measure{
		l.ratio(name+".app_cpu_ratio", sdk, plain, cpu, math.NaN()),
		l.ratio(name+".all_cpu_ratio", sdk, plain, allCPU, math.NaN()),
		l.ratio(name+".all_cpu_ratio_in_mesh", sdk, through, allCPU, math.NaN()),
		l.ratio(name+".p50_ratio", sdk, plain, p50, math.NaN()),
		l.ratio(name+".p99_ratio", sdk, plain, p99, math.NaN()),
		l.ratio(name+".p50_ratio_in_mesh", sdk, through, p50, math.NaN()),
		{name + ".p50_extra_us", l.versus(sdk, plain, func(a, b result) float64 { return (a.P50 - b.P50) / 1e3 }), math.NaN(), 0},
	}
}
