package check

import (
	"cmp"
	"slices"
)

// Severity says what a finding means for the application.
type Severity string

// The severities. Only an Error makes a check fail.
const (
	Error   Severity = "error"   // calls to AWS fail, or do not go as the annotations say
	Warning Severity = "warning" // some may, or somebody should know
)

// A Finding is something to mend.
type Finding struct {
	Severity Severity `json:"severity"`
	Check    string   `json:"check"`
	Where    string   `json:"where"`          // "Deployment shop/orders"
	Pods     []string `json:"pods,omitempty"` // those of the workload that have it; none: all, or it is no workload
	Problem  string   `json:"problem"`
	Cure     string   `json:"cure"`
}

// merge joins the findings that the pods of one workload share, errors first.
func merge(findings []Finding) []Finding {
	var merged []Finding
	at := map[[5]string]int{}
	for _, f := range findings {
		key := [5]string{string(f.Severity), f.Check, f.Where, f.Problem, f.Cure}
		i, known := at[key]
		if !known {
			at[key] = len(merged)
			merged = append(merged, f)
			continue
		}
		merged[i].Pods = append(merged[i].Pods, f.Pods...)
	}
	for i := range merged {
		slices.Sort(merged[i].Pods)
		merged[i].Pods = slices.Compact(merged[i].Pods)
	}
	slices.SortStableFunc(merged, func(a, b Finding) int { return cmp.Compare(a.Severity, b.Severity) })
	return merged
}
