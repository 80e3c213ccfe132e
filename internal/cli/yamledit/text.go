package yamledit

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// A document is the text under edit. Lines and columns count from 1, as in
// [yaml.Node]; columns count characters.
type document struct {
	text  []byte
	lines []int // offset of each line's first byte, and of the end
	eol   string
	dash  int // how far a "-" stands right of its key: 0 or more
	edits []edit
}

// An edit replaces text[from:to].
type edit struct {
	from, to int
	text     string
}

// lineBreak is what ends a line in YAML 1.1.
var lineBreak = regexp.MustCompile("\r\n|[\r\n\u0085\u2028\u2029]")

func open(text []byte) *document {
	d := &document{text: text, lines: []int{0}, eol: "\n"}
	for _, b := range lineBreak.FindAllIndex(text, -1) {
		d.lines = append(d.lines, b[1])
	}
	if d.lines[len(d.lines)-1] < len(text) {
		d.lines = append(d.lines, len(text))
	}
	if bytes.Contains(text, []byte("\r\n")) {
		d.eol = "\r\n"
	}
	return d
}

// last is the number of the line behind the last one.
func (d *document) last() int { return len(d.lines) }

// start is the offset of a line.
func (d *document) start(line int) int {
	return d.lines[min(max(line, 1), len(d.lines))-1]
}

func (d *document) line(line int) []byte { return d.text[d.start(line):d.start(line+1)] }

// offset is where node starts.
func (d *document) offset(node *yaml.Node) int {
	at := d.start(node.Line)
	for range node.Column - 1 {
		_, size := utf8.DecodeRune(d.text[at:])
		at += size
	}
	return at
}

func (d *document) replace(from, to int, text string) {
	if d.eol != "\n" {
		text = string(bytes.ReplaceAll([]byte(text), []byte("\n"), []byte(d.eol)))
	}
	d.edits = append(d.edits, edit{from, to, text})
}

// apply returns the edited text. Edits at one place keep the order of their making.
func (d *document) apply() []byte {
	slices.SortStableFunc(d.edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var out bytes.Buffer
	at := 0
	for _, e := range d.edits {
		out.Write(d.text[min(at, e.from):e.from])
		out.WriteString(e.text)
		at = max(at, e.to)
	}
	out.Write(d.text[at:])
	return out.Bytes()
}

var (
	blankLine   = regexp.MustCompile(`^\s*$`)
	commentLine = regexp.MustCompile(`^[ \t]*#`)
	markerLine  = regexp.MustCompile(`^(---|\.\.\.)\s`)
)

// end returns the line behind a block that starts in line from and is followed by
// something in line next: comments that stand no deeper than column belong to what follows.
func (d *document) end(from, next, column int) int {
	for ; next > from+1; next-- {
		line := d.line(next - 1)
		deeper := len(line)-len(bytes.TrimLeft(line, " ")) >= column
		if !blankLine.Match(line) && !markerLine.Match(line) && (deeper || !commentLine.Match(line)) {
			break
		}
	}
	return next
}
