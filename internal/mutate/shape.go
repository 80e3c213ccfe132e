package mutate

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// misshapen says for a pod's author what in it has another type than a pod has there. The
// error is that of [decode].
func misshapen(err error) error {
	s, ok := errors.AsType[*json.SemanticError](err)
	if !ok || s.JSONKind == 0 || s.GoType == nil {
		return fmt.Errorf("not a pod: %w", err)
	}
	switch key := s.JSONPointer.LastToken(); s.JSONPointer.Parent() {
	case "/metadata/annotations":
		return &awsmesh.AnnotationError{Key: key, Err: noString(s.JSONKind)}
	case "/metadata/labels":
		return fmt.Errorf("label %s: %w", key, noString(s.JSONKind))
	}
	return fmt.Errorf("not a pod: %s is %s, not %s", field(s.JSONPointer), kindOf(s.JSONKind), typeOf(s.GoType))
}

// noString says what to write instead of a value that YAML takes for something else.
func noString(kind jsontext.Kind) error {
	switch kind {
	case jsontext.KindTrue, jsontext.KindFalse:
		return fmt.Errorf("%s is not a string: write %q", kind, kind)
	case jsontext.KindNumber:
		return errors.New("a number is not a string: put it in quotes")
	}
	return fmt.Errorf("%s is not a string", kindOf(kind))
}

// field writes a pointer as people do: spec.containers[0].
func field(p jsontext.Pointer) string {
	var b strings.Builder
	for token := range p.Tokens() {
		if _, err := strconv.Atoi(token); err == nil {
			b.WriteString("[" + token + "]")
		} else {
			b.WriteString("." + token)
		}
	}
	return cmp.Or(strings.TrimPrefix(b.String(), "."), "it")
}

func kindOf(kind jsontext.Kind) string {
	switch kind {
	case jsontext.KindTrue, jsontext.KindFalse:
		return "a boolean"
	case jsontext.KindBeginArray:
		return "a list"
	case jsontext.KindBeginObject:
		return "a mapping"
	}
	return "a " + kind.String()
}

// typeOf names the type of a field of [pod].
func typeOf(t reflect.Type) string {
	switch kind := t.Kind(); {
	case t == reflect.TypeFor[env](), kind == reflect.Slice:
		return "a list"
	case kind == reflect.String:
		return "a string"
	case kind == reflect.Bool:
		return "a boolean"
	case kind == reflect.Int64:
		return "a whole number"
	}
	return "a mapping"
}
