package yamledit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// Parse reads one document. An empty one gives a nil node. It reports what is no YAML,
// duplicate keys and aliases that lead nowhere, with the line where the reader knows it.
func Parse(text []byte) (*yaml.Node, any, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(asYAML(text)))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	}
	root := document.Content[0]
	switch err := decoder.Decode(new(yaml.Node)); {
	case err == nil:
		return nil, nil, errors.New("more text after the end of the document")
	case !errors.Is(err, io.EOF):
		return nil, nil, err
	}
	v, err := value(root)
	return root, v, err
}

// value returns what node means as JSON: maps, slices, strings, bools, nil and
// [json.Number]. A date stays the string that Kubernetes would see.
func value(node *yaml.Node) (any, error) {
	datesAsStrings(node)
	var v any
	if err := node.Decode(&v); err != nil {
		return nil, err
	}
	text, err := json.Marshal(stringKeys(v))
	if err != nil {
		return nil, fmt.Errorf("line %d: no JSON value: %w", node.Line, err)
	}
	return FromJSON(text)
}

// stringKeys makes strings of keys that are numbers or bools, as kubectl does.
func stringKeys(v any) any {
	switch v := v.(type) {
	case map[any]any:
		m := make(map[string]any, len(v))
		for key, value := range v {
			m[fmt.Sprint(key)] = stringKeys(value)
		}
		return m
	case map[string]any:
		for key, value := range v {
			v[key] = stringKeys(value)
		}
	case []any:
		for i, value := range v {
			v[i] = stringKeys(value)
		}
	}
	return v
}

func datesAsStrings(node *yaml.Node) {
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!timestamp" {
		node.Tag = "!!str"
	}
	for _, c := range node.Content {
		datesAsStrings(c)
	}
}
