package cli

import "github.com/spf13/cobra"

const aboutInject = `Prints the manifests as the webhook would change them: the pods, and the pod
templates of Deployments and their like, that have the annotation aws-mesh/services.

All else is printed as it is, byte for byte. A changed document keeps its order,
comments and formatting; JSON stays JSON. To inject what is injected changes nothing.

A pod is told that it is in the mesh only if its manifest has the sidecar (istioctl
kube-inject puts it there). Otherwise it is told that it is not, which is always safe:
the webhook sees to the rest when the pod is created.`

func injectCommand(name string) *cobra.Command {
	var in input
	c := &cobra.Command{
		Use:   "inject -f FILE",
		Short: "Print manifests as the webhook would change them",
		Long:  aboutInject,
		Example: example(name,
			"%s inject -f deploy/ | kubectl apply -f -",
			"istioctl kube-inject -f orders.yaml | %s inject -f -"),
	}
	in.flags(c)
	c.RunE = action(func(c *cobra.Command, _ []string) error {
		s, err := in.read(c)
		if err != nil {
			return err
		}
		out, err := s.Inject(c.Context(), warn(c))
		if err != nil {
			return err
		}
		_, err = c.OutOrStdout().Write(out)
		return err
	})
	return c
}
