package yamledit

import (
	"bytes"
	"encoding/json"
	"regexp"
)

// IsJSON reports whether text is JSON and not only YAML.
func IsJSON(text []byte) bool {
	trimmed := bytes.TrimSpace(text)
	return len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') && json.Valid(text)
}

// FromJSON decodes JSON without rounding its numbers.
func FromJSON(text []byte) (v any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&v)
	return v, err
}

var escape = regexp.MustCompile(`\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|.)`)

// asYAML returns text as YAML: what JSON may escape as two halves is written as one
// character, since YAML has no such escapes.
func asYAML(text []byte) []byte {
	if !IsJSON(text) {
		return text
	}
	return escape.ReplaceAllFunc(text, func(m []byte) []byte {
		var s string
		if len(m) != len(`\ud83d\ude00`) || json.Unmarshal([]byte(`"`+string(m)+`"`), &s) != nil {
			return m
		}
		return []byte(s)
	})
}
