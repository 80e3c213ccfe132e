package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A measure is a figure with the limit that we set ourselves.
type measure struct {
	name   string
	rounds []float64 // sorted; the median counts
	limit  float64   // the most that it should be; NaN: there is none
	digits int
}

func (m measure) value() float64 { return m.rounds[len(m.rounds)/2] }

func (m measure) format(v float64) string {
	if s := strconv.FormatFloat(v, 'f', m.digits, 64); strings.Trim(s, "-0.") != "" {
		return s
	}
	return strconv.FormatFloat(0, 'f', m.digits, 64) // and not -0
}

// row shows the measure, the spread of its rounds, and whether the limit is met.
func (m measure) row() string {
	spread := m.format(m.rounds[0]) + " – " + m.format(m.rounds[len(m.rounds)-1])
	limit, verdict := "", ""
	if !math.IsNaN(m.limit) {
		limit, verdict = fmt.Sprintf("≤ %.4g", m.limit), "NOT MET"
		if m.value() <= m.limit {
			verdict = "met"
		}
	}
	return strings.TrimRight(fmt.Sprintf("%-30s %10s %16s %10s  %s", m.name, m.format(m.value()), spread, limit, verdict), " ") + "\n"
}

func report(contenders []*contender, checks []*checker) string {
	var b strings.Builder
	for _, operation := range []string{get, put, bare, connect} {
		table(&b, operation, contenders)
	}
	fmt.Fprintf(&b, "%-30s %10s %10s %10s\n", "interception check", "p50 µs", "p99 µs", "wrong")
	for _, c := range checks {
		p50, p99 := c.percentile(50), c.percentile(99)
		fmt.Fprintf(&b, "%-30s %10.1f %10.1f %10d\n", fmt.Sprintf("%d at a time", c.goroutines), p50[len(p50)/2], p99[len(p99)/2], c.wrong())
	}
	fmt.Fprintf(&b, "\n%-30s %10s %16s %10s\n", "measure", "median", "rounds", "limit")
	all := measures(contenders, checks[0])
	for _, m := range all {
		b.WriteString(m.row())
	}
	fmt.Fprintln(&b)
	for _, m := range all {
		fmt.Fprintf(&b, "%s: %s\n", m.name, m.format(m.value()))
	}
	return b.String()
}

// table shows medians of the contenders for operation.
func table(b *strings.Builder, operation string, contenders []*contender) {
	fmt.Fprintf(b, "%-30s %10s %10s %10s %10s\n", operation, "CPU µs", "time µs", "allocs", "B")
	for _, c := range contenders {
		if c.operation == operation {
			fmt.Fprintf(b, "%-30s %10.1f %10.1f %10.1f %10.0f\n", c.name(), c.median(cpu)/1e3, c.median(wall)/1e3, c.median(allocs), c.median(size))
		}
	}
	fmt.Fprintln(b)
}

// What is looked at of a turn.
func cpu(r result) float64    { return r.CPU }
func wall(r result) float64   { return r.Time }
func allocs(r result) float64 { return r.Allocs }
func size(r result) float64   { return r.Bytes }

func (c *contender) median(of func(result) float64) float64 {
	values := make([]float64, len(c.turns))
	for i, turn := range c.turns {
		values[i] = of(turn)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func measures(contenders []*contender, c *checker) []measure {
	in := func(operation string) line { return line{contenders, operation} }
	connection := slices.MaxFunc([]measure{ // against the TLS that is cheaper for the application
		in(connect).ratio("connection_cpu_ratio", none, plain, cpu, 0.6),
		in(connect).ratio("connection_cpu_ratio", none, ecdsaTLS, cpu, 0.6),
	}, func(a, b measure) int { return cmp.Compare(a.value(), b.value()) })
	var all []measure
	for _, sdk := range []string{v1, v2} {
		all = append(all,
			in(get).ratio(sdk+".request_cpu_ratio", sdk, plain, cpu, 1),
			in(get).ratio(sdk+".request_time_ratio", sdk, plain, wall, math.NaN()),
			in(get).extra(sdk+".request_allocs_extra", sdk, plain, 1),
			in(put).ratio(sdk+".put8m_cpu_vs_tls", sdk, plain, cpu, 0.5),
			in(put).ratio(sdk+".put8m_cpu_vs_2018", sdk, way2018, cpu, 0.3))
	}
	return append(all,
		in(bare).ratio("v1.put8m_unhashed_cpu_vs_tls", v1, plain, cpu, math.NaN()),
		connection,
		measure{"check_p50_us", c.percentile(50), 10, 1},
		measure{"check_p99_us", c.percentile(99), 50, 1},
		measure{"check_wrong", []float64{float64(c.wrong())}, 0, 0})
}

// A line has the contenders for an operation.
type line struct {
	contenders []*contender
	operation  string
}

// ratio compares ours with another way in the same round, so what changes slowly, such
// as the load of the machine, drops out.
func (l line) ratio(name, sdk, way string, of func(result) float64, limit float64) measure {
	return measure{name, l.versus(sdk, way, func(a, b result) float64 { return of(a) / of(b) }), limit, 2}
}

func (l line) extra(name, sdk, way string, limit float64) measure {
	return measure{name, l.versus(sdk, way, func(a, b result) float64 { return a.Allocs - b.Allocs }), limit, 1}
}

func (l line) versus(sdk, way string, compare func(a, b result) float64) []float64 {
	mine, other := l.find(sdk, ours), l.find(sdk, way)
	values := make([]float64, len(mine.turns))
	for i := range values {
		values[i] = compare(mine.turns[i], other.turns[i])
	}
	slices.Sort(values)
	return values
}

func (l line) find(sdk, way string) *contender {
	return l.contenders[slices.IndexFunc(l.contenders, func(c *contender) bool {
		return c.sdk == sdk && c.way == way && c.operation == l.operation
	})]
}
