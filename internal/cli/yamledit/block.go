package yamledit

import (
	"bytes"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// insertPair puts a key that node lacks behind its others, or, within braces, in
// front of the first that sorts behind it.
func (d *document) insertPair(node *yaml.Node, key string, value any, at place) error {
	if at.flow {
		return d.insertFlowPair(node, key, value)
	}
	last := node.Content[len(node.Content)-2]
	indent := node.Content[0].Column - 1
	text, err := d.block(map[string]any{key: value}, indent)
	if err != nil {
		return err
	}
	d.insertLines(d.end(last.Line, at.next, indent+1), text)
	return nil
}

// insertItem puts value in front of the item with this index, or behind the last.
func (d *document) insertItem(node *yaml.Node, index int, value any, at place) error {
	if at.flow {
		return d.insertFlowItem(node, index, value)
	}
	dash := d.dashOf(node.Content[min(index, len(node.Content)-1)])
	if !dash.alone {
		return errNoEdit
	}
	text, err := d.block([]any{value}, dash.indent)
	if err != nil {
		return err
	}
	if index == len(node.Content) {
		d.insertLines(d.end(dash.line, at.next, dash.indent+1), text)
		return nil
	}
	line := dash.line // the comments right above an item are about it
	for line > 1 && commentLine.Match(d.line(line-1)) && indentOf(d.line(line-1)) == dash.indent {
		line--
	}
	d.insertLines(line, text)
	return nil
}

// insertLines puts whole lines in front of a line.
func (d *document) insertLines(line int, text string) {
	at := d.start(line)
	if at > 0 && at == len(d.text) && !bytes.HasSuffix(d.text, []byte("\n")) {
		text = "\n" + text
	}
	d.replace(at, at, text)
}

func (d *document) removePair(node *yaml.Node, i int, at place) error {
	key := node.Content[i]
	if at.flow {
		return d.removeFlow(node, i, i+2)
	}
	if indentOf(d.line(key.Line)) != key.Column-1 {
		return errNoEdit // behind a dash
	}
	d.replace(d.start(key.Line), d.start(d.end(key.Line, at.next, key.Column)), "")
	return nil
}

func (d *document) removeItem(node *yaml.Node, index int, at place) error {
	if at.flow {
		return d.removeFlow(node, index, index+1)
	}
	dash := d.dashOf(node.Content[index])
	if !dash.alone {
		return errNoEdit
	}
	next := d.item(node, index, at).next
	d.replace(d.start(dash.line), d.start(d.end(dash.line, next, dash.indent+1)), "")
	return nil
}

// item is the place of one item.
func (d *document) item(node *yaml.Node, index int, at place) place {
	if index+1 < len(node.Content) {
		at.next = node.Content[index+1].Line
		if !at.flow {
			at.next = d.dashOf(node.Content[index+1]).line
		}
	}
	return at
}

// A dash is the "-" in front of an item.
type dash struct {
	line, indent int
	alone        bool // nothing but space stands before it
}

var lineToDash = regexp.MustCompile(`^(.*)-[ \t]*(?:[&!]\S*[ \t]*)*(?:#.*)?\s*$`)

// dashOf finds the "-" of a block item: in its line, or above if a comment follows it.
func (d *document) dashOf(item *yaml.Node) dash {
	line, before := item.Line, d.text[d.start(item.Line):d.offset(item)]
	for {
		if m := lineToDash.FindSubmatch(before); m != nil {
			return dash{line, len(m[1]), len(bytes.Trim(m[1], " ")) == 0}
		}
		if line == 1 || len(bytes.TrimSpace(before)) > 0 && !commentLine.Match(before) {
			return dash{line: item.Line}
		}
		line--
		before = d.line(line)
	}
}

// noteDash remembers how this document indents its lists.
func (d *document) noteDash(key, list *yaml.Node) {
	if list.Style&yaml.FlowStyle == 0 && len(list.Content) > 0 {
		if dash := d.dashOf(list.Content[0]); dash.alone {
			d.dash = dash.indent - (key.Column - 1)
		}
	}
}

func indentOf(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }
