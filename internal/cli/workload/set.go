// Package workload finds the workloads among manifests and does with them what the
// webhook does with their pods.
//
//	documents → workloads → admit (internal/mutate) → documents
//
// [Set.Inject] writes the manifests again; [Set.Each] is for those who only look.
package workload

import (
	"context"
	"errors"
	"iter"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/cli/manifest"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// A Set is the manifests of one run.
type Set struct {
	documents [][]*manifest.Document    // by source
	namespace string                    // of objects that name none
	metadata  map[string]map[string]any // of the Namespaces among the manifests
	options   mutate.Options
}

// NewSet reads sources. Objects that name no namespace are in namespace. The regions and
// labels of namespaces are those of the Namespaces among the manifests.
func NewSet(sources []manifest.Source, namespace string, o mutate.Options) *Set {
	s := &Set{namespace: namespace, metadata: map[string]map[string]any{}, options: o}
	for _, source := range sources {
		s.documents = append(s.documents, source.Documents())
	}
	for d := range s.all() {
		for _, o := range d.Objects() {
			if o.Kind == "Namespace" {
				s.metadata[o.Name] = o.At("metadata")
			}
		}
	}
	s.options.NamespaceRegion = s.namespaceRegion
	return s
}

// Each calls do for every workload, and warn with its warnings, and with what is misplaced
// in any object. Its error joins all mistakes in the manifests, in their order.
func (s *Set) Each(warn func(warning string), do func(Workload) (warnings []string, err error)) error {
	var errs []error
	for d := range s.all() {
		errs = append(errs, d.Err)
		for _, o := range d.Objects() {
			for _, m := range Misplaced(o) {
				warn(o.Where() + ": " + m.String())
			}
		}
		for _, w := range s.workloads(d) {
			warnings, err := do(w)
			if err != nil {
				errs = append(errs, w.Mistake(err))
			}
			for _, warning := range warnings {
				warn(w.Where() + ": " + warning)
			}
		}
	}
	return errors.Join(errs...)
}

func (s *Set) namespaceRegion(_ context.Context, name string) (string, error) {
	region, _ := value(s.metadata[name], "annotations", awsmesh.AnnotationRegion).(string)
	return region, nil
}

func (s *Set) all() iter.Seq[*manifest.Document] {
	return func(yield func(*manifest.Document) bool) {
		for _, documents := range s.documents {
			for _, d := range documents {
				if !yield(d) {
					return
				}
			}
		}
	}
}
