package mutate

import (
	"slices"
	"strconv"
	"strings"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// patch writes down what was decided. It is nil if the pod says it already.
func patch(p *pod, list []site, status awsmesh.Status, egress bool, o Options) []jsonpatch.Operation {
	var ops []jsonpatch.Operation
	for i := range list {
		if list[i].skipped == "" || len(list[i].env) > 0 {
			ops = append(ops, list[i].patch()...)
		}
	}
	ops = append(ops, setLabel(p.Metadata.Labels, egress)...)
	a := p.Metadata.Annotations
	ranges, given := a[excludeRanges]
	if !given {
		ranges = o.ExcludeIPRanges
	}
	ops = append(ops, setAnnotation(a, excludeRanges, exclude(ranges))...)
	return append(ops, setAnnotation(a, awsmesh.AnnotationStatus, status.String())...)
}

// patch puts the variables of s at the front of its list, in the place of those that
// an earlier call wrote.
func (s *site) patch() []jsonpatch.Operation {
	var old []variable
	for _, v := range s.Env.Vars {
		if s.ours(v) {
			old = append(old, v)
		}
	}
	if said(old, s.env) {
		return nil
	}
	list := s.path + "/env"
	if s.Env.Len == 0 {
		entries := make([]entry, len(s.env))
		for i, v := range s.env {
			entries[i] = entryOf(v)
		}
		return []jsonpatch.Operation{{Operation: "add", Path: list, Value: entries}}
	}
	ops := make([]jsonpatch.Operation, 0, len(old)+len(s.env))
	for _, v := range slices.Backward(old) {
		ops = append(ops, jsonpatch.Operation{Operation: "remove", Path: list + "/" + strconv.Itoa(v.Index)})
	}
	for i, v := range s.env {
		ops = append(ops, jsonpatch.Operation{Operation: "add", Path: list + "/" + strconv.Itoa(i), Value: entryOf(v)})
	}
	return ops
}

// setLabel makes l say egress.
func setLabel(l *labels, egress bool) []jsonpatch.Operation {
	path := "/metadata/labels/" + escape(awsmesh.LabelEgress)
	switch {
	case !egress && (l == nil || l.Egress == nil):
		return nil
	case !egress:
		return []jsonpatch.Operation{{Operation: "remove", Path: path}}
	case l == nil:
		return []jsonpatch.Operation{{Operation: "add", Path: "/metadata/labels", Value: map[string]string{awsmesh.LabelEgress: "true"}}}
	case l.Egress != nil && *l.Egress == "true":
		return nil
	}
	return []jsonpatch.Operation{{Operation: "add", Path: path, Value: "true"}}
}

// setAnnotation makes annotations, of which there are some, say value under key.
func setAnnotation(annotations map[string]string, key, value string) []jsonpatch.Operation {
	if old, ok := annotations[key]; ok && old == value {
		return nil
	}
	return []jsonpatch.Operation{{Operation: "add", Path: "/metadata/annotations/" + escape(key), Value: value}}
}

// withdraw removes the label and the status of a pod that did not opt in.
func withdraw(m metadata) []jsonpatch.Operation {
	ops := setLabel(m.Labels, false)
	if _, forged := m.Annotations[awsmesh.AnnotationStatus]; forged {
		ops = append(ops, jsonpatch.Operation{Operation: "remove", Path: "/metadata/annotations/" + escape(awsmesh.AnnotationStatus)})
	}
	return ops
}

// previous returns the status that an earlier call left. One that cannot be read does
// not count.
func previous(annotations map[string]string) (awsmesh.Status, bool) {
	value, ok := annotations[awsmesh.AnnotationStatus]
	if !ok {
		return awsmesh.Status{}, false
	}
	status, err := awsmesh.ParseStatus(value)
	return status, err == nil
}

// intersect returns the names in a that are also in b, which it sorts.
func intersect(a, b []string) []string {
	slices.Sort(b)
	return slices.DeleteFunc(a, func(name string) bool { _, found := slices.BinarySearch(b, name); return !found })
}

// escape makes key a reference token of a JSON pointer (RFC 6901).
func escape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}
