package parity

import (
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

var update = flag.Bool("update", false, "rewrite testdata: new differences await a reason at the end of the file")

const unexplained = "UNEXPLAINED: replace this line by the reason, or move the lines below to a group that has it."

var variants = []struct {
	name string
	endpoints.Params
}{
	{"plain", endpoints.Params{}},
	{"fips", endpoints.Params{FIPS: true}},
	{"dual", endpoints.Params{DualStack: true}},
	{"fips+dual", endpoints.Params{FIPS: true, DualStack: true}},
}

// differences are lines "service variant: theirs | ours", and the regions of each.
type differences map[string][]string

func (d differences) add(service, variant, region, theirs, ours string) {
	inRegion := func(host string) string {
		if region == "" {
			return host
		}
		return strings.ReplaceAll(host, region, "{region}")
	}
	line := service + " " + variant + ": " + inRegion(theirs) + " | " + inRegion(ours)
	if !slices.Contains(d[line], region) {
		d[line] = append(d[line], region)
	}
}

func (d differences) lines() map[string]bool {
	lines := map[string]bool{}
	for line, regions := range d {
		lines[strings.TrimSuffix(line+" | "+strings.Join(slices.Sorted(slices.Values(regions)), " "), " | ")] = true
	}
	return lines
}

// A group is a reason and the differences that it explains.
type group struct {
	reason string
	lines  []string
}

// check compares d with the golden file: paragraphs of "# reason" and lines.
func (d differences) check(t *testing.T, file string) {
	t.Helper()
	found := d.lines()
	groups := readGolden(t, file)
	for i := range groups {
		groups[i].lines = slices.DeleteFunc(groups[i].lines, func(line string) bool {
			known := found[line]
			if !known && !*update {
				t.Errorf("%s: no longer a difference: %s", file, line)
			}
			delete(found, line)
			return !known
		})
		if strings.HasPrefix(groups[i].reason, "UNEXPLAINED") && len(groups[i].lines) > 0 && !*update {
			t.Errorf("%s: %d differences have no reason", file, len(groups[i].lines))
		}
	}
	if *update {
		writeGolden(t, file, append(groups, group{unexplained, slices.Collect(maps.Keys(found))}))
		return
	}
	for _, line := range slices.Sorted(maps.Keys(found)) {
		t.Errorf("unexplained difference (go test -update adds it to %s): %s", file, line)
	}
}

func readGolden(t *testing.T, file string) []group {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	var groups []group
	for paragraph := range strings.SplitSeq(string(text), "\n\n") {
		var g group
		for line := range strings.Lines(paragraph) {
			line = strings.TrimSpace(line)
			if reason, ok := strings.CutPrefix(line, "# "); ok {
				g.reason = strings.TrimSpace(g.reason + "\n" + reason)
			} else if line != "" {
				g.lines = append(g.lines, line)
			}
		}
		if g.reason != "" {
			groups = append(groups, g)
		}
	}
	return groups
}

func writeGolden(t *testing.T, file string, groups []group) {
	t.Helper()
	var out []string
	for _, g := range groups {
		if len(g.lines) == 0 {
			continue
		}
		slices.Sort(g.lines)
		out = append(out, "# "+strings.ReplaceAll(g.reason, "\n", "\n# ")+"\n"+strings.Join(g.lines, "\n")+"\n")
	}
	if err := os.WriteFile(file, []byte(strings.Join(out, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// allows reports whether host is one of hosts, or matches one of their patterns.
func allows(hosts []string, host string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool {
		suffix, pattern := strings.CutPrefix(h, "*")
		return h == host || pattern && strings.HasSuffix(host, suffix) && len(host) > len(suffix)
	})
}
