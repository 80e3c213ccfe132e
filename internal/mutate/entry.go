package mutate

import (
	"slices"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// An entry is a variable as a container lists it.
type entry struct {
	Name      string     `json:"name"`
	Value     string     `json:"value,omitempty"`
	ValueFrom *valueFrom `json:"valueFrom,omitempty"`
}

type valueFrom struct {
	FieldRef struct {
		FieldPath string `json:"fieldPath"`
	} `json:"fieldRef"`
}

func entryOf(v awsmesh.Var) entry {
	e := entry{Name: v.Name, Value: v.Value}
	if v.FieldPath != "" {
		e.ValueFrom = &valueFrom{}
		e.ValueFrom.FieldRef.FieldPath = v.FieldPath
	}
	return e
}

// says reports whether v is w, as the API server keeps it.
func (v variable) says(w awsmesh.Var) bool {
	if w.FieldPath == "" {
		return v.Name == w.Name && v.Value == w.Value && len(v.ValueFrom) == 0
	}
	var from valueFrom
	return v.Name == w.Name && decode(v.ValueFrom, &from) == nil && from.FieldRef.FieldPath == w.FieldPath
}

// said reports whether the variables in old are exactly those of want, at the front.
func said(old []variable, want []awsmesh.Var) bool {
	return slices.EqualFunc(old, want, variable.says) && (len(old) == 0 || old[len(old)-1].Index == len(old)-1)
}
