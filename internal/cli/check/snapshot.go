package check

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A Snapshot is what was read of a cluster.
type Snapshot struct {
	Objects map[string][]*unstructured.Unstructured // by kind
	Unread  []Unread
}

// An Unread is something that could not be looked at.
type Unread struct {
	What   string `json:"what"` // "pods in namespace shop"
	Why    string `json:"why"`
	absent bool   // the cluster has no such thing
}

// A Scope is what to look at.
type Scope struct {
	Namespace      string // empty: all
	IstioNamespace string // Istio's root namespace
}

func (s *Snapshot) add(u *unstructured.Unstructured) {
	if s.Objects == nil {
		s.Objects = map[string][]*unstructured.Unstructured{}
	}
	s.Objects[u.GetKind()] = append(s.Objects[u.GetKind()], u)
}

// of returns the objects of a kind in a namespace, or in all if it is empty.
func (s *Snapshot) of(kind, namespace string) []*unstructured.Unstructured {
	var list []*unstructured.Unstructured
	for _, u := range s.Objects[kind] {
		if namespace == "" || u.GetNamespace() == namespace {
			list = append(list, u)
		}
	}
	return list
}

// named returns one object, or nil.
func (s *Snapshot) named(kind, namespace, name string) *unstructured.Unstructured {
	for _, u := range s.of(kind, namespace) {
		if u.GetName() == name {
			return u
		}
	}
	return nil
}

// lacks reports whether a resource could not be read, and whether that is because the
// cluster does not have it.
func (s *Snapshot) lacks(resource string) (unread, absent bool) {
	for _, u := range s.Unread {
		if u.What == resource || strings.HasPrefix(u.What, resource+" in ") {
			return true, u.absent
		}
	}
	return false, false
}
