package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/cli/manifest"
	"github.com/aws-mesh/aws-mesh/internal/cli/workload"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// An input is the flags of the commands that read manifests.
type input struct {
	files         []string
	recursive     bool
	namespace     string
	defaultRegion string
	excludeRanges string
}

func (in *input) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVarP(&in.files, "filename", "f", nil, `file or folder of manifests, YAML or JSON; "-" is the standard input; may be repeated`)
	f.BoolVarP(&in.recursive, "recursive", "R", false, "read the folders in folders, too")
	f.StringVarP(&in.namespace, "namespace", "n", "default", "namespace of the objects that name none")
	f.StringVar(&in.defaultRegion, "default-region", "", `AWS region of containers for which nothing else gives one, as in "eu-west-1"; the webhook has the same flag`)
	f.StringVar(&in.excludeRanges, "exclude-ip-ranges", "", `the mesh's own global.proxy.excludeIPRanges, comma-separated, as in "10.0.0.0/8"`)
	complete(c, "default-region", regionNames)
	c.Args = cobra.NoArgs
}

func (in *input) check() error {
	if len(in.files) == 0 {
		return usageError{errors.New(`no manifests: give files or folders with -f, or "-f -" for the standard input`)}
	}
	stdin := func(path string) bool { return path == "-" }
	if i := slices.IndexFunc(in.files, stdin); i >= 0 && slices.ContainsFunc(in.files[i+1:], stdin) {
		return usageError{errors.New(`"-" is given twice: the standard input can be read once`)}
	}
	if err := mutate.CheckRanges(in.excludeRanges); err != nil {
		return usageError{fmt.Errorf("--exclude-ip-ranges: %w", err)}
	}
	if in.defaultRegion == "" {
		return nil
	}
	var err error
	if in.defaultRegion, err = awsmesh.ParseRegion(in.defaultRegion); err != nil {
		return fmt.Errorf("--default-region: %w", err)
	}
	return nil
}

func (in *input) read(c *cobra.Command) (*workload.Set, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	sources, err := manifest.Read(in.files, in.recursive, c.InOrStdin())
	if err != nil {
		return nil, err
	}
	return workload.NewSet(sources, in.namespace, mutate.Options{
		DefaultRegion:   in.defaultRegion,
		ExcludeIPRanges: in.excludeRanges,
	}), nil
}

// warn prints warnings as kubectl does.
func warn(c *cobra.Command) func(string) {
	return func(warning string) { c.PrintErrln("Warning:", warning) }
}
