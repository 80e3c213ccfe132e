package awsmesh

import (
	"fmt"
	"os"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// The environment of a container in which the webhook has been.
const (
	EnvPrefix = "AWS_MESH_"

	EnvInMesh   = "AWS_MESH_IN_MESH"  // "true": plaintext to the sidecar, which originates TLS
	EnvServices = "AWS_MESH_SERVICES" // canonical names, comma-separated
	EnvRegion   = "AWS_MESH_REGION"
	EnvHosts    = "AWS_MESH_HOSTS" // exact hosts and "*.suffix" patterns, comma-separated

	// EnvPodUID is set in the application's containers and in the sidecar: the UID of
	// their pod, by which the one knows the answer of the other. See [RouteOfSidecar].
	EnvPodUID = "AWS_MESH_POD_UID"
)

// An Env is what the webhook tells an application. The zero value means that the pod
// is not in the mesh: the application does its own TLS.
type Env struct {
	InMesh   bool     // this pod has a sidecar that takes port 443, or is ambient with a waypoint, and the mode is plaintext
	Services []string // the normalised request
	Region   string
	Hosts    []string // hosts for which the sidecar originates TLS; empty: never plaintext
	PodUID   string   // of the pod whose sidecar originates TLS; empty if it is a waypoint
}

// A Var is one environment variable: a value, or the field of its pod that has it.
type Var struct{ Name, Value, FieldPath string }

// PodUID returns [EnvPodUID] as the webhook sets it, for the kubelet to fill in.
func PodUID() Var { return Var{Name: EnvPodUID, FieldPath: "metadata.uid"} }

// Env returns what a container of a pod with a sidecar is told. Only in plaintext
// mode is it in the mesh.
func (p Plan) Env() Env {
	e := Env{Services: p.Services, Region: p.Params.Region}
	if p.Mode == Plaintext {
		e.InMesh, e.Hosts = true, p.Hosts
	}
	return e
}

// Vars returns e as environment variables, sorted by name. Fields without a value give
// none, but for InMesh, which is always said.
func (e Env) Vars() []Var {
	var vars []Var
	for _, v := range []Var{
		{Name: EnvHosts, Value: strings.Join(e.Hosts, ",")},
		{Name: EnvInMesh, Value: fmt.Sprint(e.InMesh)},
		{Name: EnvPodUID, Value: e.PodUID},
		{Name: EnvRegion, Value: e.Region},
		{Name: EnvServices, Value: strings.Join(e.Services, ",")},
	} {
		if v.Value != "" {
			vars = append(vars, v)
		}
	}
	return vars
}

// FromEnv reads the Env of this process. See [ParseEnv].
func FromEnv() (Env, error) { return ParseEnv(os.LookupEnv) }

// ParseEnv reads an Env through lookup, which is like [os.LookupEnv]. With an error
// comes the zero Env, so a mistake never means plaintext.
func ParseEnv(lookup func(string) (string, bool)) (Env, error) {
	get := func(name string) string { v, _ := lookup(name); return strings.TrimSpace(v) }
	e := Env{
		Services: split(get(EnvServices)),
		Region:   get(EnvRegion),
		Hosts:    split(get(EnvHosts)),
		PodUID:   get(EnvPodUID),
	}
	switch v := get(EnvInMesh); v {
	case "true":
		e.InMesh = true
	case "false", "":
	default:
		return Env{}, fmt.Errorf(`%s: %s is neither "true" nor "false"; the webhook sets it, leave it out of the pod`, EnvInMesh, endpoints.Quote(v))
	}
	return e, nil
}
