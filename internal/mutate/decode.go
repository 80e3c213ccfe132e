package mutate

import (
	"bytes"
	"errors"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// decode reads into v. Names are not checked for duplicates: the API server writes
// each once, and looking costs as much as all the rest.
func decode(raw []byte, v any) error {
	return json.Unmarshal(raw, v, jsontext.AllowDuplicateNames(true))
}

// each calls read for each item of the list that is next in d.
func each(d *jsontext.Decoder, read func() error) error {
	if d.PeekKind() != '[' {
		return skipNull(d)
	}
	_, err := d.ReadToken()
	for err == nil && d.PeekKind() != ']' {
		err = read()
	}
	if err == nil {
		_, err = d.ReadToken()
	}
	return err
}

// UnmarshalJSONFrom reads a list of containers.
func (c *containers) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*c = nil
	return each(d, func() error {
		if len(*c) > maxContainers {
			return d.SkipValue()
		}
		*c = append(*c, container{})
		return json.UnmarshalDecode(d, &(*c)[len(*c)-1])
	})
}

// UnmarshalJSONFrom reads a list of variables, and of most of them nothing: they are
// most of a pod.
func (e *env) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*e = env{}
	return each(d, func() error {
		e.Len++
		entry, err := d.ReadValue()
		if err != nil || !interesting(entry) || len(e.Vars) > maxVars {
			return err
		}
		v := variable{Index: e.Len - 1}
		if err := decode(entry, &v); err != nil {
			if s, ok := errors.AsType[*json.SemanticError](err); ok {
				s.JSONPointer = d.StackPointer() + s.JSONPointer
			}
			return err
		}
		if strings.HasPrefix(v.Name, "AWS_") || strings.HasPrefix(v.Name, "ISTIO_META_") {
			e.Vars = append(e.Vars, v)
		}
		return nil
	})
}

func skipNull(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	if err == nil && v.Kind() != 'n' {
		err = &json.SemanticError{JSONKind: v.Kind()}
	}
	return err
}

// interesting reports whether entry may be a variable that matters, or has to be read
// to know.
func interesting(entry jsontext.Value) bool {
	return bytes.Contains(entry, []byte("AWS_")) || bytes.Contains(entry, []byte("ISTIO_META_")) ||
		bytes.Contains(entry, []byte(`\u`)) || entry.Kind() != '{'
}
