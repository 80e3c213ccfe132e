package check

import (
	"fmt"
)

// findings makes all checks.
func (f *facts) findings() []Finding {
	var all []Finding
	for _, c := range clusterChecks {
		for _, found := range c.find(f) {
			found.Check = c.name
			all = append(all, found)
		}
	}
	for _, w := range f.workloads {
		for _, c := range workloadChecks {
			for _, found := range c.find(f, w) {
				found.Check, found.Where = c.name, w.String()
				all = append(all, found)
			}
		}
		for _, p := range w.pods {
			for _, c := range podChecks {
				for _, found := range c.find(f, w, p) {
					found.Check, found.Where, found.Pods = c.name, w.String(), []string{p.GetName()}
					all = append(all, found)
				}
			}
		}
	}
	return all
}

func fail(cure, problem string, args ...any) []Finding {
	return []Finding{{Severity: Error, Problem: fmt.Sprintf(problem, args...), Cure: cure}}
}

func warn(cure, problem string, args ...any) []Finding {
	return []Finding{{Severity: Warning, Problem: fmt.Sprintf(problem, args...), Cure: cure}}
}

func at(where string, findings []Finding) []Finding {
	for i := range findings {
		findings[i].Where = where
	}
	return findings
}

// namespaces returns those of the workloads.
func (f *facts) namespaces() map[string]bool {
	names := map[string]bool{}
	for _, w := range f.workloads {
		names[w.object.GetNamespace()] = true
	}
	return names
}
