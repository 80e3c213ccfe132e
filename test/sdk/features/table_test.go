package features

import (
	"fmt"
	"strings"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

// A feature is one thing that applications do with AWS.
type feature struct {
	name   string
	v1, v2 variant

	env      stage.Env   // more variables; not nil: a process of its own
	keyless  bool        // no static credentials in the environment
	region   string      // of the calls, if not the environment's
	host     string      // for the calls that are not of the mesh
	faults   []aws.Fault // when it begins
	meshOnly bool        // the SDK alone has nothing to show
	urls     bool        // what the application sees is for somebody outside to fetch

	check   check                  // in the mesh; nil: nothing more than always
	refused func(*aws.Record) bool // the requests that need not be valid; nil: none
}

// A check reports what is wrong with the requests that reached AWS.
type check func(records []aws.Record) error

// A variant is a feature with one of the SDKs.
type variant struct {
	call app.Call // nil: the SDK does not have it
	want string   // what the application sees, in the mesh and outside
	mesh string   // what it sees in the mesh, if that is something else
	why  string   // it is something else, or not there
}

func (f feature) variant(sdk string) variant {
	if sdk == "v1" {
		return f.v1
	}
	return f.v2
}

// inMesh is what the application sees in the mesh.
func (v variant) inMesh() string {
	if v.mesh != "" {
		return v.mesh
	}
	return v.want
}

func sdks() []string { return []string{"v1", "v2"} }

// same is a feature that is alike with both SDKs.
func same(name string, one, two app.Call, want string) feature {
	return feature{name: name, v1: variant{call: one, want: want}, v2: variant{call: two, want: want}}
}

// table is what a person reads of the features.
func table(list []feature) string {
	var b strings.Builder
	line := func(name, sdk, what, text string) { fmt.Fprintf(&b, "%-46s %-2s  %-11s %s\n", name, sdk, what, text) }
	line("", "", "in the mesh", "what the application sees")
	for _, f := range list {
		for i, sdk := range sdks() {
			v, name := f.variant(sdk), f.name
			if i > 0 {
				name = ""
			}
			switch {
			case v.call == nil:
				line(name, sdk, "not there", "because "+v.why)
			case v.mesh != "":
				line(name, sdk, "DIFFERENT", v.mesh)
				line("", "", "", "outside: "+v.want)
				line("", "", "", "because "+v.why)
			case f.meshOnly:
				line(name, sdk, "works", v.want)
			default:
				line(name, sdk, "as outside", v.want)
			}
		}
	}
	return b.String()
}
