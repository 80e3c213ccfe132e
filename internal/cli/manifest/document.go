package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws-mesh/aws-mesh/internal/cli/yamledit"
)

// A Document is one manifest of a source.
type Document struct {
	Text []byte
	Err  error // an [*Error] if it cannot be read

	source string
	number int // from 1; documents without content do not count
	root   any // what it means as JSON, without rounding; nil: it is empty
}

// An Error is a mistake in a manifest.
type Error struct {
	Where string // "orders.yaml: document 2 (Deployment shop/orders)"
	Err   error
}

func (e *Error) Error() string { return e.Where + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Documents cuts a source into documents and reads them.
func (s Source) Documents() []*Document {
	if i := invalidUTF8(s.Text); i >= 0 {
		line := 1 + bytes.Count(s.Text[:i], []byte("\n"))
		return []*Document{{Err: &Error{s.Name, fmt.Errorf("line %d: not UTF-8 text", line)}}}
	}
	var documents []*Document
	line, number := 0, 0
	for _, text := range split(s.Text) {
		d := &Document{Text: text, source: s.Name, number: number + 1}
		root, err := d.parse()
		if err != nil {
			d.Err = &Error{d.where(), atLine(err, line)}
		}
		if err != nil || root != nil {
			number++
		}
		d.root = root
		documents = append(documents, d)
		line += bytes.Count(text, []byte("\n"))
	}
	return documents
}

func (d *Document) parse() (any, error) {
	if bytes.Equal(d.Text, byteOrderMark) {
		return nil, nil
	}
	_, v, err := yamledit.Parse(d.Text)
	return v, err
}

func (d *Document) where() string { return fmt.Sprintf("%s: document %d", d.source, d.number) }

// Root returns what the document means as JSON; nil if it is empty.
func (d *Document) Root() any { return d.root }

var lineNumber = regexp.MustCompile(`\bline (\d+)`)

// atLine makes the line numbers of a YAML error count from the start of the file. The
// reader leaves them out in the first line.
func atLine(err error, before int) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = strings.ReplaceAll(strings.TrimPrefix(text, "unmarshal errors:\n  "), "\n  ", "; ")
	if !lineNumber.MatchString(text) {
		text = "line 1: " + text
	}
	return errors.New(lineNumber.ReplaceAllStringFunc(text, func(m string) string {
		n, _ := strconv.Atoi(strings.TrimPrefix(m, "line "))
		return fmt.Sprintf("line %d", n+before)
	}))
}

func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}
