package endpoints

import (
	"slices"
	"strings"
)

// A variant is the first word of a rule, and the host that a standard line
// means by it.
type variant struct{ keyword, after string }

var (
	plain    = variant{"plain", ".{region}.{suffix}"}
	fips     = variant{"fips", "-fips.{region}.{suffix}"}
	dual     = variant{"dual", ".{region}.{dual}"}
	fipsDual = variant{"fips+dual", "-fips.{region}.{dual}"}
)

func variantOf(p Params) variant {
	switch {
	case p.FIPS && p.DualStack:
		return fipsDual
	case p.FIPS:
		return fips
	case p.DualStack:
		return dual
	}
	return plain
}

// hosts returns the hosts of e in r, its client's own first ([noHost] if there
// is none), or nil if the service has none there.
func (e *entry) hosts(r Region, v variant) []string {
	for line := range strings.Lines(e.lines) {
		words := strings.Fields(line)
		switch words[0] {
		case "absent":
			if isAbsent(words[1:], r) {
				return nil
			}
		case "standard":
			return []string{r.expand(words[1] + v.after)}
		case v.keyword:
			words = words[1:]
			if scope, ok := strings.CutPrefix(words[0], "@"); ok {
				if !inScope(scope, r) {
					continue
				}
				words = words[1:]
			}
			if words[0] == "none" {
				return nil
			}
			for i := range words {
				words[i] = r.expand(words[i])
			}
			return words
		}
	}
	return nil
}

// isAbsent reads "<region>..." and "<partition> except <region>...".
func isAbsent(words []string, r Region) bool {
	if len(words) > 1 && words[1] == "except" {
		return words[0] == r.Partition && !slices.Contains(words[2:], r.Name)
	}
	return slices.Contains(words, r.Name)
}

// inScope reads "<region or partition>,…".
func inScope(scope string, r Region) bool {
	for name := range strings.SplitSeq(scope, ",") {
		if name == r.Name || name == r.Partition {
			return true
		}
	}
	return false
}

func (r Region) expand(template string) string {
	template = strings.ReplaceAll(template, "{region}", r.Name)
	template = strings.ReplaceAll(template, "{suffix}", r.Suffix)
	return strings.ReplaceAll(template, "{dual}", r.dual)
}
