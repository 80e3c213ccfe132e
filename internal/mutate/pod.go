package mutate

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A pod is what has to be read of a Pod or a pod template.
type pod struct {
	Metadata metadata `json:"metadata"`
	Spec     struct {
		HostNetwork     bool            `json:"hostNetwork"`
		SecurityContext securityContext `json:"securityContext"`
		InitContainers  []container     `json:"initContainers"`
		Containers      []container     `json:"containers"`
		Volumes         []volume        `json:"volumes"`
	} `json:"spec"`
}

type metadata struct {
	Name         string            `json:"name"`
	GenerateName string            `json:"generateName"`
	Annotations  map[string]string `json:"annotations"`
	Labels       *labels           `json:"labels"` // nil: the pod has none
}

type labels struct {
	Egress    *string `json:"aws-mesh/egress"`
	Dataplane string  `json:"istio.io/dataplane-mode"`
}

type container struct {
	Name            string          `json:"name"`
	RestartPolicy   string          `json:"restartPolicy"`
	Args            jsontext.Value  `json:"args"`
	Env             env             `json:"env"`
	EnvFrom         []struct{}      `json:"envFrom"`
	SecurityContext securityContext `json:"securityContext"`
}

type securityContext struct {
	RunAsUser  *int64 `json:"runAsUser"`
	RunAsGroup *int64 `json:"runAsGroup"`
}

type volume struct {
	Projected struct {
		Sources []struct {
			ServiceAccountToken struct {
				Audience string `json:"audience"`
			} `json:"serviceAccountToken"`
		} `json:"sources"`
	} `json:"projected"`
}

// An env is the environment of a container: the variables that matter here.
type env struct {
	Len  int // of the whole list
	Vars []variable
}

type variable struct {
	Index     int            `json:"-"` // in the whole list
	Name      string         `json:"name"`
	Value     string         `json:"value"`
	ValueFrom jsontext.Value `json:"valueFrom"`
}

// decode reads into v. Names are not checked for duplicates: the API server writes
// each once, and looking costs as much as all the rest.
func decode(raw []byte, v any) error {
	return json.Unmarshal(raw, v, jsontext.AllowDuplicateNames(true))
}

// UnmarshalJSONFrom reads a list of variables, and of most of them nothing: they are
// most of a pod.
func (e *env) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*e = env{}
	if d.PeekKind() != '[' {
		return skipNull(d)
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for ; d.PeekKind() != ']'; e.Len++ {
		entry, err := d.ReadValue()
		if err != nil {
			return err
		}
		if !interesting(entry) {
			continue
		}
		v := variable{Index: e.Len}
		if err := decode(entry, &v); err != nil {
			if s, ok := errors.AsType[*json.SemanticError](err); ok {
				s.JSONPointer = d.StackPointer() + s.JSONPointer
			}
			return err
		}
		if strings.HasPrefix(v.Name, "AWS_") || strings.HasPrefix(v.Name, "ISTIO_META_") {
			e.Vars = append(e.Vars, v)
		}
	}
	_, err := d.ReadToken()
	return err
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

// dynamic reports whether the value of v is known to the kubelet only.
func (v variable) dynamic() bool {
	return len(v.ValueFrom) > 0 && v.ValueFrom.Kind() != 'n' || strings.Contains(v.Value, "$(")
}

// find returns the variable that counts: the last one of that name.
func (e env) find(name string) (variable, bool) {
	for _, v := range slices.Backward(e.Vars) {
		if v.Name == name {
			return v, true
		}
	}
	return variable{}, false
}

// args returns the arguments of c.
func (c *container) args() []string {
	var args []string
	if len(c.Args) > 0 && decode(c.Args, &args) != nil {
		return nil
	}
	return args
}
