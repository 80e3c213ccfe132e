package mutate

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A pod is what has to be read of a Pod or a pod template.
type pod struct {
	Metadata metadata `json:"metadata"`
	Spec     struct {
		HostNetwork     bool            `json:"hostNetwork"`
		SecurityContext securityContext `json:"securityContext"`
		InitContainers  containers      `json:"initContainers"`
		Containers      containers      `json:"containers"`
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

// The limits of a pod that opts in. Of any pod, no more is kept than shows that there is more.
const (
	maxContainers = 200  // init containers included
	maxVars       = 1000 // of a container, those that matter; all services have about 450
)

// containers are one list of them: the first ones.
type containers []container

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
	Projected *struct {
		Sources []struct {
			ServiceAccountToken struct {
				Audience string `json:"audience"`
			} `json:"serviceAccountToken"`
		} `json:"sources"`
	} `json:"projected"`
}

// An env is the environment of a container: the first variables that matter here.
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
