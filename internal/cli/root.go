package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

const about = `Puts workloads that call AWS in mesh mode, as the aws-mesh webhook and controller
do in a cluster, but on manifests and without a cluster. Only "check" looks at one.

Exit codes:
  0  all is well
  1  failure: a file or a cluster cannot be read, or the result cannot be written;
     of "check": something breaks calls to AWS
  2  usage: the command line is wrong
  3  bad input: a manifest is wrong, or there is no such AWS service or region

With any exit code but 0, nothing is printed to the standard output, but by "check".`

func rootCommand(name, version string) *cobra.Command {
	root := &cobra.Command{
		Use:           "aws-mesh",
		Short:         "Put workloads that call AWS in mesh mode",
		Long:          about,
		SilenceUsage:  true,
		SilenceErrors: true,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: name},
	}
	root.AddCommand(
		injectCommand(name),
		egressCommand(name),
		explainCommand(name),
		checkCommand(name),
		servicesCommand(name),
		versionCommand(version),
	)
	root.InitDefaultCompletionCmd()
	describeCompletion(root, name)
	return root
}

// describeCompletion says how kubectl's own completion finds the plugin.
func describeCompletion(root *cobra.Command, name string) {
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Long += fmt.Sprintf(`
For "kubectl aws-mesh", put this program, or a link to it, in the PATH under the name
%s: kubectl's completion calls it. This is %q.`, completionName, name)
		}
	}
}

// action makes a command's work return errors with an exit code.
func action(work func(c *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error { return done(work(c, args)) }
}

// example indents and names the program in the examples of a command.
func example(name string, lines ...string) string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = fmt.Sprintf("  "+line, name)
	}
	return strings.Join(out, "\n")
}
