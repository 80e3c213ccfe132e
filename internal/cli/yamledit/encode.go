package yamledit

import (
	"bytes"
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"
)

// encode writes a document anew: as JSON if text was JSON, and apart from one in front of it.
func encode(text []byte, v any) ([]byte, error) {
	if IsJSON(text) {
		out, err := indented(v, "", "    ")
		return []byte(out + "\n"), err
	}
	out, err := YAML(v, false)
	if bytes.HasPrefix(text, []byte("---")) {
		out = append([]byte("---\n"), out...)
	}
	return out, err
}

// YAML writes a value as a document, its keys sorted. Where deep is set, the lists
// stand deeper than their keys.
func YAML(v any, deep bool) ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if !deep {
		encoder.CompactSeqIndent()
	}
	if err := encoder.Encode(numbers(v)); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
}

// block writes a value in block style, each line indented.
func (d *document) block(v any, indent int) (string, error) {
	text, err := YAML(v, d.dash > 0)
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		if line != "\n" {
			out.WriteString(strings.Repeat(" ", indent))
		}
		out.WriteString(line)
	}
	return out.String(), err
}

// numbers gives the YAML encoder numbers for what would be strings to it.
func numbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, value := range v {
			m[key] = numbers(value)
		}
		return m
	case []any:
		s := make([]any, len(v))
		for i, value := range v {
			s[i] = numbers(value)
		}
		return s
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	}
	return v
}

func compact(v any) (string, error) { return indented(v, "", "") }

func indented(v any, prefix, unit string) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(prefix, unit)
	err := encoder.Encode(v)
	return strings.TrimSuffix(out.String(), "\n"), err
}
