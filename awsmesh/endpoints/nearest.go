package endpoints

import (
	"maps"
	"slices"
	"strings"
)

// nearestService returns the name of the service whose name, id or alias is
// most like k, a [key], or "" if none is.
func (t *tables) nearestService(k string) string {
	best, name := tooFar, ""
	for _, known := range slices.Sorted(maps.Keys(t.byName)) {
		if d := distance(k, key(known)); d < best {
			best, name = d, t.byName[known].Name
		}
	}
	return name
}

func (t *tables) nearestRegion(region string) string {
	if len(region) > maxName {
		return ""
	}
	best, name := tooFar, ""
	for _, r := range t.regions {
		if d := distance(strings.ToLower(strings.TrimSpace(region)), r.Name); d < best {
			best, name = d, r.Name
		}
	}
	return name
}

// tooFar is more than any distance that still makes a suggestion.
const tooFar = 1 << 10

// distance is how far a typed name is from a known one, in eighths of a wrong
// letter, or tooFar. The beginning of a name is near: whoever types "dynamo"
// has stopped early, not erred.
func distance(typed, known string) int {
	if len(typed) >= 3 && strings.HasPrefix(known, typed) {
		return 4 + len(known) - len(typed)
	}
	limit := len(typed) / 3
	if len(known)-len(typed) > limit || len(typed)-len(known) > limit {
		return tooFar
	}
	if d := EditDistance(typed, known); d <= limit && (len(typed) > 3 || typed[0] == known[0]) {
		return 8 * d
	}
	return tooFar
}

// EditDistance is the number of letters to insert, delete, replace or swap with their
// neighbour to make b of a (optimal string alignment). The time is that of len(a) times
// len(b), the memory that of len(b): bound both.
func EditDistance(a, b string) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := above[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			row[j] = min(replaced, above[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}

// neighbours are the areas to look in for an area that has little of its own.
var neighbours = map[string]string{"af": "eu", "il": "eu", "me": "eu", "ca": "us", "mx": "us", "sa": "us"}

// near returns up to three regions that satisfy has: those of the same area
// first, then those of the neighbouring area, then others.
func (t *tables) near(region Region, has func(Region) bool) []string {
	area, _, _ := strings.Cut(region.Name, "-")
	rank := func(name string) int {
		switch there, _, _ := strings.Cut(name, "-"); there {
		case area:
			return 0
		case neighbours[area]:
			return 1
		}
		return 2
	}
	var names []string
	for _, r := range t.regions {
		if has(r) {
			names = append(names, r.Name)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	return names[:min(len(names), 3)]
}
