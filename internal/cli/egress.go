package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/cli/workload"
	"github.com/aws-mesh/aws-mesh/internal/egress"
)

const aboutEgress = `Prints the Istio objects that the controller would create for the manifests, namespace
by namespace, ready for "kubectl apply -f -" and "kubectl diff -f -".

A manifest rarely has its sidecar yet: one is taken for granted, unless Istio's injector
would leave the pod alone: label sidecar.istio.io/inject: "false", hostNetwork, or
ambient by a label of the pod or of its Namespace, if that is among the manifests.`

func egressCommand(name string) *cobra.Command {
	var in input
	var out = format{allowed: []string{"yaml", "json"}, value: "yaml"}
	var gateway egress.Gateway
	c := &cobra.Command{
		Use:   "egress -f FILE",
		Short: "Print the Istio objects that the controller would create",
		Long:  aboutEgress,
		Example: example(name,
			"%s egress -f deploy/ -n shop",
			"%s egress -f deploy/ | kubectl diff -f -"),
	}
	in.flags(c)
	out.flag(c)
	c.Flags().TextVar(&gateway, "egress-gateway", egress.Gateway{}, "the controller's `namespace/service` of an egress gateway (default: none)")
	c.RunE = action(func(c *cobra.Command, _ []string) error {
		s, err := in.read(c)
		if err != nil {
			return err
		}
		plans := map[string][]awsmesh.Plan{} // by namespace
		found := 0
		err = s.Each(warn(c), func(w workload.Workload) ([]string, error) {
			found++
			more, warnings, err := openedBy(c, w)
			plans[w.Namespace] = append(plans[w.Namespace], more...)
			return warnings, err
		})
		if err != nil {
			return err
		}
		if found == 0 {
			c.PrintErrln(nothingAsks)
		}
		return printObjects(c, objects(c, plans, gateway), out.value)
	})
	return c
}

// openedBy returns what the controller would open for the pods of w: it reads the same
// label and annotation.
func openedBy(c *cobra.Command, w workload.Workload) (plans []awsmesh.Plan, warnings []string, err error) {
	pod, decision, _, reason, err := w.AdmitInjected(c.Context())
	if err != nil {
		return nil, nil, err
	}
	metadata, _ := pod["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	status, ok := annotations[awsmesh.AnnotationStatus].(string)
	switch {
	case !ok:
		return nil, decision.Warnings, nil
	case !labelled(pod):
		reason = cmp.Or(reason, decision.Status.Reason)
		return nil, append(decision.Warnings, "no egress: "+reason), nil
	}
	read, err := awsmesh.ParseStatus(status)
	if err == nil {
		plans, err = read.Plans()
	}
	return plans, decision.Warnings, err
}

// labelled reports whether the webhook has seen that a sidecar takes the calls of pod.
func labelled(pod map[string]any) bool {
	metadata, _ := pod["metadata"].(map[string]any)
	labels, _ := metadata["labels"].(map[string]any)
	return labels[awsmesh.LabelEgress] == "true"
}

func objects(c *cobra.Command, plans map[string][]awsmesh.Plan, gateway egress.Gateway) []any {
	items := []any{}
	for _, namespace := range slices.Sorted(maps.Keys(plans)) {
		desired := egress.Desired(namespace, plans[namespace])
		desired.Gateway = gateway
		for _, host := range desired.Hosts {
			if host.Mixed {
				c.PrintErrf("Warning: namespace %s: some pods want %s in mode plaintext and some in passthrough: plaintext wins, the others are refused\n", namespace, host.Name)
			}
		}
		for _, u := range desired.Objects() {
			items = append(items, u.Object)
		}
	}
	return items
}

func printObjects(c *cobra.Command, items []any, format string) error {
	if format == "json" {
		return printValue(c, map[string]any{"apiVersion": "v1", "kind": "List", "items": items}, format)
	}
	for i, item := range items {
		if i > 0 {
			fmt.Fprintln(c.OutOrStdout(), "---")
		}
		if err := printValue(c, item, format); err != nil {
			return err
		}
	}
	return nil
}
