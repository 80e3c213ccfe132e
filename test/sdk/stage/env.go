package stage

import (
	"maps"
	"slices"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/pod"
)

// An Env is the environment of an application. Change it as you like: every call of the
// functions that return one makes a new map.
type Env map[string]string

// Env returns the environment of an application in the pod of the mesh, as the webhook
// makes it of the stage's annotations, with a region and static credentials.
func (s *Stage) Env(t testing.TB) Env {
	t.Helper()
	request, err := awsmesh.ParseRequest(s.annotations)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := awsmesh.PlanFor(request, endpoints.Params{Region: request.Region})
	if err != nil {
		t.Fatal(err)
	}
	env := OutOfMesh()
	told := plan.Env()
	told.PodUID = pod.UID
	for _, v := range told.Vars() {
		env[v.Name] = v.Value
	}
	return env
}

// OutOfMesh returns the environment of an application in a pod of which the webhook
// knows nothing: a region and static credentials.
func OutOfMesh() Env {
	return Env{
		"AWS_REGION":            Region,
		"AWS_ACCESS_KEY_ID":     aws.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY": aws.SecretAccessKey,
	}
}

// Without returns e without the variables named.
func (e Env) Without(names ...string) Env {
	rest := maps.Clone(e)
	for _, name := range names {
		delete(rest, name)
	}
	return rest
}

// NoCredentials returns e without static credentials.
func (e Env) NoCredentials() Env { return e.Without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") }

// With returns e with one more variable.
func (e Env) With(name, value string) Env {
	more := maps.Clone(e)
	more[name] = value
	return more
}

func (e Env) list() []string {
	var vars []string
	for _, name := range slices.Sorted(maps.Keys(e)) {
		vars = append(vars, name+"="+e[name])
	}
	return vars
}
