package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// What is measured, in the order of the report. The names are also those of the lines
// that end it.
const (
	count     = "objects"
	size      = "objects_mib"
	etcd      = "etcd_mib"
	apiserver = "apiserver_rss_mib"
	fill      = "fill_s"
	ready     = "istiod_ready_s"
	synced    = "istiod_synced_s"
	startCPU  = "istiod_start_cpu_s"
	resident  = "istiod_rss_mib"
	heap      = "istiod_heap_mib"
	most      = "istiod_rss_peak_mib"
	config    = "sidecar_config_kib"
	oneTime   = "one_changes_s"
	onePushed = "one_changes_sidecars_told"
	oneCPU    = "one_changes_istiod_cpu_s"
	allWrite  = "all_change_write_s"
	allTime   = "all_change_s"
	allCPU    = "all_change_istiod_cpu_s"
)

var measures = []string{count, size, etcd, apiserver, fill, ready, synced, startCPU, resident, heap, most, config,
	oneTime, onePushed, oneCPU, allWrite, allTime, allCPU}

// report shows the designs side by side. A ratio above 1 is for the shared set.
func report(results []result) string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for at := 0; at < len(results); at += 2 {
		a, s := results[at], results[at+1]
		fmt.Fprintf(table, "%d namespaces\t%s\t%s\tratio\t\n", a.namespaces, a.design, s.design)
		for _, m := range measures {
			fmt.Fprintf(table, "%s\t%.4g\t%.4g\t%.2f\t\n", m, a.values[m], s.values[m], a.values[m]/s.values[m])
		}
		fmt.Fprint(table, "\t\t\t\t\n")
	}
	_ = table.Flush()
	for _, r := range results {
		for _, m := range measures {
			fmt.Fprintf(&b, "istio.%s_%d_%s: %.4g\n", r.design, r.namespaces, m, r.values[m])
		}
	}
	return b.String()
}
