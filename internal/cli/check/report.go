package check

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/egress"
)

// A Report is what came of all checks.
type Report struct {
	Workloads []Workload `json:"workloads"`
	Findings  []Finding  `json:"findings"`
	Unread    []Unread   `json:"notLookedAt,omitempty"`
}

// A Workload is what the webhook has decided of one.
type Workload struct {
	Kind      string       `json:"kind"`
	Namespace string       `json:"namespace"`
	Name      string       `json:"name"`
	Pods      int          `json:"pods"`
	InMesh    int          `json:"podsInMesh"` // as AWS_MESH_IN_MESH has it: in plaintext
	Mode      awsmesh.Mode `json:"mode,omitempty"`
	Services  []string     `json:"services,omitempty"`
	Reason    string       `json:"reason,omitempty"` // of the first pod
}

// Count returns how many findings have a severity.
func (r Report) Count(s Severity) (n int) {
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// facts are what the checks look at.
type facts struct {
	*Snapshot
	ctx       context.Context
	settings  settings
	workloads []*workload
	egress    []egress.Finding
	root      string // Istio's root namespace
	namespace string // of the scope
	names     []Name // of the scope
}

// A Name is that of a workload in the scope's namespace.
type Name struct{ Kind, Name string }

// Run makes all checks, of the workloads with those names, or of all if there is none. It
// reports a namespace and names that are not there.
func Run(ctx context.Context, s *Snapshot, scope Scope, names []Name) (Report, error) {
	if _, absent := s.lacks("namespaces " + scope.Namespace); absent {
		return Report{}, fmt.Errorf("namespace %q not found", scope.Namespace)
	}
	f := &facts{Snapshot: s, ctx: ctx, settings: settingsOf(s), root: scope.IstioNamespace, namespace: scope.Namespace, names: names}
	f.workloads = workloads(ctx, s, scope.Namespace, f.settings)
	if err := f.choose(names, scope.Namespace); err != nil {
		return Report{}, err
	}
	if f.settings.known {
		f.egress = f.examine()
	}
	report := Report{Workloads: []Workload{}, Findings: append([]Finding{}, merge(f.findings())...)}
	for _, w := range f.workloads {
		report.Workloads = append(report.Workloads, w.summary())
	}
	for _, u := range s.Unread {
		if !u.absent {
			report.Unread = append(report.Unread, u)
		}
	}
	if !f.settings.known {
		report.Unread = append(report.Unread, Unread{What: "the objects that open AWS hosts", Why: "the webhook's flags are not known, and --egress-gateway decides what they are"})
	}
	return report, nil
}

// choose leaves the workloads with those names.
func (f *facts) choose(names []Name, namespace string) error {
	if len(names) == 0 {
		return nil
	}
	for _, n := range names {
		known := slices.ContainsFunc(f.workloads, func(w *workload) bool { return w.object.GetKind() == n.Kind && w.object.GetName() == n.Name })
		if !known && f.named(n.Kind, namespace, n.Name) == nil {
			return fmt.Errorf("%s %q not found in namespace %q", n.Kind, n.Name, namespace)
		}
	}
	f.workloads = slices.DeleteFunc(f.workloads, func(w *workload) bool { return !w.isOneOf(names) })
	return nil
}

// isOneOf reports whether w is named, or any of its pods, of which it then keeps those.
func (w *workload) isOneOf(names []Name) bool {
	if slices.Contains(names, Name{w.object.GetKind(), w.object.GetName()}) {
		return true
	}
	w.pods = slices.DeleteFunc(w.pods, func(p *pod) bool { return !slices.Contains(names, Name{"Pod", p.GetName()}) })
	return len(w.pods) > 0
}

func (w *workload) summary() Workload {
	sum := Workload{Kind: w.object.GetKind(), Namespace: w.object.GetNamespace(), Name: w.object.GetName(), Pods: len(w.pods)}
	for _, p := range w.pods {
		if p.status == nil {
			continue
		}
		if p.status.InMesh {
			sum.InMesh++
		}
		if sum.Reason == "" {
			sum.Mode, sum.Services, sum.Reason = p.status.Mode, p.status.Services, p.status.Reason
		}
	}
	return sum
}
