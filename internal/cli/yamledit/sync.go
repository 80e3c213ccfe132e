package yamledit

import (
	"errors"
	"maps"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Sync returns text changed so that it means want, a value as [FromJSON] gives it.
// Aliases stay where what they repeat may stay. Where no edit of the text can say
// want, the whole document is written anew, without its comments.
func Sync(text []byte, want any) ([]byte, error) {
	for _, prepare := range []func([]byte) ([]byte, error){asIs, inlineAliases} {
		prepared, err := prepare(text)
		if err != nil {
			return nil, err
		}
		edited, err := edited(prepared, want)
		if errors.Is(err, errNoEdit) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if _, got, err := Parse(edited); err == nil && reflect.DeepEqual(got, want) {
			return edited, nil
		}
	}
	return encode(text, want)
}

// errNoEdit says that the text around a node is none that an edit can change.
var errNoEdit = errors.New("the text cannot be edited here")

func asIs(text []byte) ([]byte, error) { return asYAML(text), nil }

func edited(text []byte, want any) ([]byte, error) {
	root, have, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if root == nil {
		return nil, errNoEdit
	}
	d := open(text)
	if err := d.sync(root, have, want, place{next: d.last()}); err != nil {
		return nil, err
	}
	return d.apply(), nil
}

// A place is where a node stands: the line of what follows it, and whether it is
// within braces or brackets.
type place struct {
	next int
	flow bool
}

func (d *document) sync(node *yaml.Node, have, want any, at place) error {
	if reflect.DeepEqual(have, want) {
		return nil
	}
	at.flow = at.flow || node.Style&yaml.FlowStyle != 0
	if len(node.Content) > 0 {
		switch want := want.(type) {
		case map[string]any:
			if have, ok := have.(map[string]any); ok {
				return d.syncMapping(node, have, want, at)
			}
		case []any:
			if have, ok := have.([]any); ok {
				return d.syncSequence(node, have, want, at)
			}
		}
	}
	return d.syncScalar(node, want, at)
}

func (d *document) syncMapping(node *yaml.Node, have, want map[string]any, at place) error {
	missing := maps.Clone(want)
	for key := range have {
		if _, ok := want[key]; ok && reflect.DeepEqual(have[key], want[key]) {
			delete(missing, key) // also if it comes from a merge
		}
	}
	var gone int
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		inner := place{next: at.next, flow: at.flow}
		if i+2 < len(node.Content) {
			inner.next = node.Content[i+2].Line
		}
		if value.Kind == yaml.SequenceNode {
			d.noteDash(key, value)
		}
		wanted, ok := want[key.Value]
		switch {
		case key.ShortTag() == "!!merge":
			continue
		case ok:
			delete(missing, key.Value)
			if err := d.sync(value, have[key.Value], wanted, inner); err != nil {
				return err
			}
		default:
			gone++
			if err := d.removePair(node, i, inner); err != nil {
				return err
			}
		}
	}
	if gone == len(node.Content)/2 {
		return errNoEdit
	}
	for _, key := range slices.Sorted(maps.Keys(missing)) {
		if err := d.insertPair(node, key, missing[key], at); err != nil {
			return err
		}
	}
	return nil
}

func (d *document) syncSequence(node *yaml.Node, have, want []any, at place) error {
	if len(have) != len(node.Content) || len(want) == 0 {
		return errNoEdit
	}
	next := 0 // the first item that is not yet dealt with
	for _, wanted := range want {
		found := slices.IndexFunc(have[next:], func(h any) bool { return same(h, wanted) })
		if found < 0 {
			if err := d.insertItem(node, next, wanted, at); err != nil {
				return err
			}
			continue
		}
		for ; found > 0; found-- {
			if err := d.removeItem(node, next, at); err != nil {
				return err
			}
			next++
		}
		if err := d.sync(node.Content[next], have[next], wanted, d.item(node, next, at)); err != nil {
			return err
		}
		next++
	}
	for ; next < len(have); next++ {
		if err := d.removeItem(node, next, at); err != nil {
			return err
		}
	}
	return nil
}

// same tells which items of two lists are one: those of one name, such as the
// containers and variables of a pod and the objects of a List, else equal ones.
func same(a, b any) bool {
	x, y := identity(a), identity(b)
	if x != (name{}) || y != (name{}) {
		return x == y
	}
	return reflect.DeepEqual(a, b)
}

type name struct{ kind, namespace, name string }

func identity(item any) name {
	m, _ := item.(map[string]any)
	if s, ok := m["name"].(string); ok {
		return name{name: s}
	}
	metadata, _ := m["metadata"].(map[string]any)
	kind, _ := m["kind"].(string)
	space, _ := metadata["namespace"].(string)
	s, ok := metadata["name"].(string)
	if !ok {
		return name{}
	}
	return name{kind: kind, namespace: space, name: s}
}
