package workload

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/cli/manifest"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// A Misplacement is something of ours that stands where nothing reads it.
type Misplacement struct{ Problem, Cure string }

// String returns both in one line.
func (m Misplacement) String() string { return strings.TrimSuffix(m.Problem+": "+m.Cure, ": ") }

// Misplaced looks for annotations that an object has itself and its pods lack, for labels
// in their place, and for pods of a kind that is not read. What another object has made is
// passed over: it has copies of that one's annotations.
func Misplaced(o manifest.Object) []Misplacement {
	metadata := o.At("metadata")
	if metadata["ownerReferences"] != nil || value(metadata, "labels", "app.kubernetes.io/managed-by") == "aws-mesh" {
		return nil
	}
	path, read := mutate.TemplatePath(o.Kind)
	if read = read && o.BuiltIn(); !read {
		path = []string{"spec", "template"} // as most have it
	}
	template := o.At(append(path, "metadata")...)
	place := strings.Join(append(path, "metadata.annotations"), ".")
	if !read && o.At(path...) == nil {
		place = "the template of the pods"
	}
	var found []Misplacement
	ofNamespace := func(key string) bool { return o.Kind == "Namespace" && key == awsmesh.AnnotationRegion }
	for _, key := range requests(metadata, "annotations") {
		switch err := unknown(key); {
		case value(template, "annotations", key) != nil || ofNamespace(key):
		case err != nil:
			found = append(found, Misplacement{Problem: err.Error()})
		default:
			found = append(found, Misplacement{fmt.Sprintf("annotation %s is on the %s, where nothing reads it", key, o.Kind), "put it on " + place})
		}
	}
	for _, key := range slices.Compact(slices.Sorted(slices.Values(append(requests(metadata, "labels"), requests(template, "labels")...)))) {
		problem := fmt.Sprintf("%s is a label, where nothing reads it", key)
		switch {
		case unknown(key) != nil: // such as aws-mesh/metrics of a Namespace, which our NetworkPolicy reads
		case ofNamespace(key) && value(metadata, "annotations", key) == nil:
			found = append(found, Misplacement{problem, "make it an annotation of the Namespace"})
		case !ofNamespace(key) && value(template, "annotations", key) == nil:
			found = append(found, Misplacement{problem, "make it an annotation, on " + place})
		}
	}
	if !read && len(requests(template, "annotations")) > 0 {
		found = append(found, Misplacement{Problem: fmt.Sprintf("kind %s (%s) is not read here, though the webhook looks at its pods in a cluster", o.Kind, o.APIVersion)})
	}
	return found
}

// unknown returns what there is to say of a key of ours that means nothing anywhere, or nil.
func unknown(key string) error { return awsmesh.CheckKeys(map[string]string{key: ""}) }

// requests returns the keys of ours that a user writes, sorted.
func requests(metadata map[string]any, field string) []string {
	m, _ := metadata[field].(map[string]any)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m)), func(key string) bool {
		return !strings.HasPrefix(key, awsmesh.AnnotationPrefix) || key == awsmesh.AnnotationStatus || key == awsmesh.LabelEgress
	})
}
