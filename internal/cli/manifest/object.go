package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// An Object is a Kubernetes object of a document: the whole of it, or one item of a List.
type Object struct {
	Kind, Namespace, Name string // as written; empty: not given

	Value    map[string]any // shared with the document
	document *Document
	item     int // from 1; 0: the document itself
}

// Objects returns the objects of a document, none if it is no mapping.
func (d *Document) Objects() []Object {
	root, ok := d.root.(map[string]any)
	if !ok {
		return nil
	}
	items, isList := root["items"].([]any)
	if kind := text(root["kind"]); !isList || !strings.HasSuffix(kind, "List") {
		return []Object{d.object(root, 0)}
	}
	var objects []Object
	for i, item := range items {
		if item, ok := item.(map[string]any); ok {
			objects = append(objects, d.object(item, i+1))
		}
	}
	return objects
}

func (d *Document) object(value map[string]any, item int) Object {
	metadata, _ := value["metadata"].(map[string]any)
	return Object{
		Kind:      text(value["kind"]),
		Namespace: text(metadata["namespace"]),
		Name:      cmp.Or(text(metadata["name"]), text(metadata["generateName"])),
		Value:     value,
		document:  d,
		item:      item,
	}
}

// Where says which object it is: "orders.yaml: document 2 (Deployment shop/orders)".
func (o Object) Where() string {
	where := o.document.where()
	if o.item > 0 {
		where += fmt.Sprintf(", item %d", o.item)
	}
	return fmt.Sprintf("%s (%s)", where, o)
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
	group, _, grouped := strings.Cut(text(o.Value["apiVersion"]), "/")
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
