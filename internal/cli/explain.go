package cli

import (
	"cmp"
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
	"github.com/aws-mesh/aws-mesh/internal/cli/workload"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

const aboutExplain = `Says for every workload, container and AWS host what aws-mesh makes of it, and why:
the region and where it comes from, the hosts of each service, what the container is
told, what is left alone, and what holds without a sidecar.

A manifest rarely has its sidecar yet: one is taken for granted, unless Istio's injector
would leave the pod alone: label sidecar.istio.io/inject: "false", hostNetwork, or
ambient by a label of the pod or of its Namespace, if that is among the manifests.`

// warningS3Keys is for whoever has such keys. Which normalization a mesh has is not in the
// manifests.
const warningS3Keys = `S3 keys with a segment "." or "..": Istio's default normalization of paths alters them, and S3 answers 403; ` +
	`set meshConfig.pathNormalization.normalization: NONE, or the mode passthrough ("aws-mesh check" looks at the mesh)`

// An explanation is what aws-mesh makes of a workload.
type explanation struct {
	Where      string                 `json:"where"`
	Kind       string                 `json:"kind"`
	Namespace  string                 `json:"namespace"`
	Name       string                 `json:"name"`
	OptedIn    bool                   `json:"optedIn"` // it has the annotation aws-mesh/services
	InMesh     bool                   `json:"inMesh"`  // as AWS_MESH_IN_MESH has it: in plaintext
	Reason     string                 `json:"reason,omitempty"`
	Sidecar    workload.Sidecar       `json:"sidecar,omitempty"`
	Mode       awsmesh.Mode           `json:"mode,omitempty"`
	Buckets    []string               `json:"s3Buckets,omitempty"`
	Containers []containerExplanation `json:"containers,omitempty"`
	Warnings   []string               `json:"warnings,omitempty"`

	carried bool // a sidecar takes its calls
}

type containerExplanation struct {
	Name       string               `json:"name"`
	Skipped    string               `json:"skipped,omitempty"` // why it is left alone
	Bypass     string               `json:"bypass,omitempty"`  // why the sidecar does not take its traffic
	Params     *endpoints.Params    `json:"endpoint,omitempty"`
	RegionFrom string               `json:"regionFrom,omitempty"`
	Services   []serviceExplanation `json:"services,omitempty"`
	Env        []variable           `json:"env,omitempty"`
	Without    []variable           `json:"envWithoutSidecar,omitempty"`
	Kept       []string             `json:"kept,omitempty"` // set by the container itself
}

type serviceExplanation struct {
	Name  string   `json:"name"`
	Hosts []string `json:"hosts"`
}

type variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func explainCommand(name string) *cobra.Command {
	var in input
	out := format{allowed: []string{"json", "yaml"}}
	c := &cobra.Command{
		Use:     "explain -f FILE",
		Short:   "Say what becomes of each container and host, and why",
		Long:    aboutExplain,
		Example: example(name, "%s explain -f orders.yaml", "kubectl get deploy -o yaml | %s explain -f - -o json"),
	}
	in.flags(c)
	out.flag(c)
	c.RunE = action(func(c *cobra.Command, _ []string) error {
		s, err := in.read(c)
		if err != nil {
			return err
		}
		list := []explanation{}
		err = s.Each(warn(c), func(w workload.Workload) ([]string, error) {
			e, err := explain(c.Context(), w)
			list = append(list, e)
			return nil, err
		})
		if err != nil {
			return err
		}
		return printExplanations(c, list, out.value)
	})
	return c
}

// explain admits a workload's pod as the injector makes it, and as it is.
func explain(ctx context.Context, w workload.Workload) (explanation, error) {
	e := explanation{Where: w.Where(), Kind: w.Kind, Namespace: w.Namespace, Name: w.Name}
	pod, decision, sidecar, reason, err := w.AdmitInjected(ctx)
	if err != nil {
		return e, err
	}
	_, bare, err := w.Admit(ctx)
	if err != nil {
		return e, err
	}
	e.Warnings = decision.Warnings
	status := decision.Status
	if len(status.Services) == 0 {
		return e, nil
	}
	e.OptedIn, e.InMesh, e.Reason = true, status.InMesh, cmp.Or(reason, status.Reason)
	e.Sidecar, e.Mode, e.Buckets, e.carried = sidecar, status.Mode, status.Buckets, labelled(pod)
	if status.InMesh && slices.Contains(status.Services, "s3") {
		e.Warnings = append(e.Warnings, warningS3Keys)
	}
	for i, container := range decision.Containers {
		x, err := explainContainer(container, status)
		if err != nil {
			return e, err
		}
		if x.RegionFrom == "namespace" {
			x.RegionFrom = "annotation " + awsmesh.AnnotationRegion + " of namespace " + w.Namespace
		}
		if sidecar == workload.Assumed {
			x.Without = variables(bare.Containers[i].Env)
		}
		e.Containers = append(e.Containers, x)
	}
	return e, nil
}

func explainContainer(c mutate.Container, status awsmesh.Status) (containerExplanation, error) {
	x := containerExplanation{Name: c.Name, Skipped: c.Skipped, Bypass: c.Bypass, Kept: c.Kept}
	if c.Skipped != "" {
		return x, nil
	}
	x.Params, x.RegionFrom, x.Env = &c.Plan.Params, c.RegionFrom, variables(c.Env)
	for _, name := range c.Plan.Services {
		r := awsmesh.Request{Services: []string{name}, Mode: status.Mode, Buckets: status.Buckets}
		plan, err := awsmesh.PlanFor(r, c.Plan.Params)
		if err != nil {
			return x, err
		}
		x.Services = append(x.Services, serviceExplanation{name, plan.Hosts})
	}
	return x, nil
}

func variables(vars []awsmesh.Var) []variable {
	var list []variable
	for _, v := range vars {
		value := v.Value
		if v.FieldPath != "" {
			value = "(" + v.FieldPath + " of the pod)"
		}
		list = append(list, variable{v.Name, value})
	}
	return list
}
