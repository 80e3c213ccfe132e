package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// An Object is a Kubernetes object of a document: the whole of it, or one item of a List.
type Object struct {
	APIVersion, Kind string // as written, there or in the List; empty: not given
	Namespace, Name  string // as written; empty: not given

	Value    map[string]any // shared with the document
	document *Document
	item     string // ", item 2" of a List; empty: the document itself
}

// Objects returns the objects of a document, none if it is no mapping.
func (d *Document) Objects() []Object {
	root, ok := d.root.(map[string]any)
	if !ok {
		return nil
	}
	return d.object(root, Object{}).flat()
}

// object reads one object of d. What it does not say of its kind is that of list.
func (d *Document) object(value map[string]any, list Object) Object {
	metadata, _ := value["metadata"].(map[string]any)
	o := Object{
		APIVersion: text(value["apiVersion"]),
		Kind:       text(value["kind"]),
		Namespace:  text(metadata["namespace"]),
		Name:       cmp.Or(text(metadata["name"]), text(metadata["generateName"])),
		Value:      value,
		document:   d,
	}
	if o.Kind == "" { // the API server leaves it out in the items of a DeploymentList
		o.APIVersion, o.Kind = list.APIVersion, strings.TrimSuffix(list.Kind, "List")
	}
	return o
}

// flat returns o or, if it is a List, its items, those of Lists in it too.
func (o Object) flat() []Object {
	items, isList := o.Value["items"].([]any)
	if !isList || !strings.HasSuffix(o.Kind, "List") {
		return []Object{o}
	}
	var objects []Object
	for i, value := range items {
		if value, ok := value.(map[string]any); ok {
			item := o.document.object(value, o)
			item.item = fmt.Sprintf("%s, item %d", o.item, i+1)
			objects = append(objects, item.flat()...)
		}
	}
	return objects
}

// Where says which object it is: "orders.yaml: document 2 (Deployment shop/orders)".
func (o Object) Where() string {
	return fmt.Sprintf("%s%s (%s)", o.document.where(), o.item, o)
}

// String returns kind and name: "Deployment shop/orders".
func (o Object) String() string {
	name := o.Name
	if o.Namespace != "" {
		name = o.Namespace + "/" + name
	}
	return strings.TrimSpace(o.Kind + " " + name)
}

// BuiltIn reports whether the kind is one of Kubernetes' own workload groups, and not a
// custom resource of the same name.
func (o Object) BuiltIn() bool {
	group, _, grouped := strings.Cut(o.APIVersion, "/")
	return !grouped || group == "apps" || group == "batch"
}

// Mistake reports err about o, one [*Error] for each of its lines.
func (o Object) Mistake(err error) error {
	var errs []error
	for line := range strings.Lines(err.Error()) {
		errs = append(errs, &Error{o.Where(), errors.New(strings.TrimSuffix(line, "\n"))})
	}
	return errors.Join(errs...)
}

// Document returns the document that o is in.
func (o Object) Document() *Document { return o.document }

// At returns the mapping below path, nil if there is none.
func (o Object) At(path ...string) map[string]any {
	at := o.Value
	for _, key := range path {
		at, _ = at[key].(map[string]any)
	}
	return at
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
