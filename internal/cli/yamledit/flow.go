package yamledit

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

func (d *document) insertFlowPair(node *yaml.Node, key string, value any) error {
	before := node.Content[0]
	for i := 0; i < len(node.Content); i += 2 {
		if node.Content[i].Value > key {
			before = node.Content[i]
			break
		}
	}
	name, err := compact(key)
	if err != nil {
		return err
	}
	return d.insertFlow(node, before, name+": ", value)
}

func (d *document) insertFlowItem(node *yaml.Node, index int, value any) error {
	if index == len(node.Content) {
		return errNoEdit
	}
	return d.insertFlow(node, node.Content[index], "", value)
}

// insertFlow puts text and value in front of one of the children of node: on a line
// of its own if the child has one.
func (d *document) insertFlow(node, before *yaml.Node, text string, value any) error {
	at := d.offset(before)
	prefix := string(d.text[d.start(before.Line):at])
	if strings.TrimSpace(prefix) != "" || before.Line == node.Line {
		json, err := compact(value)
		d.replace(at, at, text+json+", ")
		return err
	}
	outer := d.line(node.Line)
	outer = outer[:len(outer)-len(bytes.TrimLeft(outer, " \t"))]
	unit := strings.TrimPrefix(prefix, string(outer))
	json, err := indented(value, prefix, unit)
	d.replace(at, at, text+json+",\n"+prefix)
	return err
}

// removeFlow removes the children from..to of node, which are not its last.
func (d *document) removeFlow(node *yaml.Node, from, to int) error {
	if to >= len(node.Content) {
		return errNoEdit
	}
	d.replace(d.offset(node.Content[from]), d.offset(node.Content[to]), "")
	return nil
}
