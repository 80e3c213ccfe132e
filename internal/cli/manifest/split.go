package manifest

import (
	"bytes"
	"encoding/json"
	"regexp"
)

var (
	byteOrderMark = []byte("\ufeff")
	documentStart = regexp.MustCompile(`(?m)^---(?:[ \t\r]|$)`)
	preamble      = regexp.MustCompile(`^(?:[ \t]*(?:#.*)?\r?\n|%.*\n)*$`) // comments and directives
)

// split cuts text where documents begin. Its parts, joined, are text. What stands
// before the first "---" goes with the document behind it, unless it is one itself.
func split(text []byte) [][]byte {
	var parts [][]byte
	if bytes.HasPrefix(text, byteOrderMark) {
		parts, text = [][]byte{byteOrderMark}, text[len(byteOrderMark):]
	}
	from := 0
	for _, at := range documentStart.FindAllIndex(text, -1) {
		if !preamble.Match(text[from:at[0]]) {
			parts = append(parts, splitJSON(text[from:at[0]])...)
			from = at[0]
		}
	}
	return append(parts, splitJSON(text[from:])...)
}

// splitJSON cuts JSON values that follow each other, as jq writes them.
func splitJSON(text []byte) [][]byte {
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return [][]byte{text}
	}
	var parts [][]byte
	decoder := json.NewDecoder(bytes.NewReader(text))
	from := 0
	for decoder.More() {
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return [][]byte{text} // YAML in braces, or a mistake to be reported
		}
		to := int(decoder.InputOffset())
		parts = append(parts, text[from:to])
		from = to
	}
	if len(parts) > 0 {
		parts[len(parts)-1] = text[from-len(parts[len(parts)-1]):]
	}
	return parts
}
