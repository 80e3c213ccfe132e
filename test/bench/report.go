package main

import (
	"fmt"
	"math"
	"strings"
)

// table returns the contenders' medians.
func table(title string, contenders []*contender) string {
	var b strings.Builder
	own := contenders[0].median()
	fmt.Fprintf(&b, "%-40s %8s %10s %8s %10s %12s\n", title, "CPU µs", "× aws-mesh", "allocs", "B/op", "patch bytes")
	for _, c := range contenders {
		m := c.median()
		fmt.Fprintf(&b, "%-40s %8.0f %10.2f %8d %10d %12d\n", c.name,
			m.Nanoseconds/1e3, m.Nanoseconds/own.Nanoseconds, m.Allocs, m.Bytes, m.PatchBytes)
	}
	return b.String()
}

// measures returns what the table comes to, as lines that begin with prefix.
func measures(prefix string, contenders []*contender) string {
	own := contenders[0].median()
	fastest, valid := math.Inf(1), math.Inf(1)
	for _, c := range contenders {
		switch c.kind {
		case peer:
			fastest = min(fastest, c.median().Nanoseconds)
		case floor:
			valid = c.median().Nanoseconds
		}
	}
	return fmt.Sprintf("%[1]s.vs_fastest_peer: %.2[2]f\n%[1]s.vs_json_valid: %.2[3]f\n%[1]s.patch_bytes: %[4]d\n%[1]s.allocs: %[5]d\n",
		prefix, own.Nanoseconds/fastest, own.Nanoseconds/valid, own.PatchBytes, own.Allocs)
}
