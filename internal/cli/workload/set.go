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
	documents [][]*manifest.Document // by source
	namespace string                 // of objects that name none
	options   mutate.Options
}

// NewSet reads sources. Objects that name no namespace are in namespace. The regions of
// namespaces are those of the Namespaces among the manifests.
func NewSet(sources []manifest.Source, namespace string, o mutate.Options) *Set {
	s := &Set{namespace: namespace, options: o}
	for _, source := range sources {
		s.documents = append(s.documents, source.Documents())
	}
	s.options.NamespaceRegion = s.namespaceRegion()
	return s
}

// Each calls do for every workload, and warn with its warnings. Its error joins all
// mistakes in the manifests, in their order.
func (s *Set) Each(warn func(warning string), do func(Workload) (warnings []string, err error)) error {
	var errs []error
	for d := range s.all() {
		errs = append(errs, d.Err)
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

// namespaceRegion reads the annotations of the Namespaces among the manifests.
func (s *Set) namespaceRegion() func(context.Context, string) (string, error) {
	regions := map[string]string{}
	for d := range s.all() {
		for _, o := range d.Objects() {
			if region, ok := o.At("metadata", "annotations")[awsmesh.AnnotationRegion].(string); ok && o.Kind == "Namespace" {
				regions[o.Name] = region
			}
		}
	}
	return func(_ context.Context, name string) (string, error) { return regions[name], nil }
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
