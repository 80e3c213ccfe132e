package yamledit

import (
	"bytes"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// leaf matches a value that ends where its own text says so.
var leaf = regexp.MustCompile(`^(?s:` +
	`"(?:[^"\\]|\\.)*"` + // double-quoted
	`|'(?:[^']|'')*'` + // single-quoted
	`|\*[^\s,\[\]{}]+` + // alias
	`|\[\s*\]|\{\s*\})`) // empty list or mapping

// syncScalar writes want over a value that has no parts.
func (d *document) syncScalar(node *yaml.Node, want any, at place) error {
	from := d.offset(node)
	text, err := inline(want, at.flow)
	if err != nil {
		return err
	}
	rest := d.text[from:]
	switch plain := node.Kind == yaml.ScalarNode && node.Style == 0; {
	case plain && node.Value == "":
		d.replace(from, from, " "+text)
	case plain && bytes.HasPrefix(rest, []byte(node.Value)):
		d.replace(from, from+len(node.Value), text)
	case node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		end := d.start(d.end(node.Line, at.next, 0))
		d.replace(from, end, text+"\n")
	default:
		end := leaf.FindIndex(rest)
		if end == nil {
			return errNoEdit
		}
		d.replace(from, from+end[1], text)
	}
	return nil
}

// inline writes a value in one line: as JSON, or a string as YAML would.
func inline(value any, flow bool) (string, error) {
	if s, ok := value.(string); ok && !flow {
		text, err := yaml.Marshal(s)
		if line := strings.TrimSuffix(string(text), "\n"); err != nil || !strings.Contains(line, "\n") {
			return line, err
		}
	}
	return compact(value)
}

// inlineAliases replaces every alias by what it stands for.
func inlineAliases(text []byte) ([]byte, error) {
	text = asYAML(text)
	root, _, err := Parse(text)
	if err != nil || root == nil {
		return text, err
	}
	d := open(text)
	if err := d.inlineAliases(root); err != nil {
		return nil, err
	}
	return d.apply(), nil
}

func (d *document) inlineAliases(node *yaml.Node) error {
	if node.Kind == yaml.AliasNode {
		from := d.offset(node)
		v, err := value(node.Alias)
		if err != nil {
			return err
		}
		json, err := compact(v)
		d.replace(from, from+len(leaf.Find(d.text[from:])), json)
		return err
	}
	for _, c := range node.Content {
		if err := d.inlineAliases(c); err != nil {
			return err
		}
	}
	return nil
}
