package cli

import (
	"cmp"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// A build is what this program was made from.
type build struct {
	Version   string `json:"version"`
	Commit    string `json:"commit,omitempty"`
	Endpoints string `json:"endpoints"` // the source of the table: "botocore 1.44.5"
	Go        string `json:"go"`
	Platform  string `json:"platform"`
}

func buildOf(version string) build {
	b := build{
		Version:   version,
		Endpoints: endpoints.Source(),
		Go:        runtime.Version(),
		Platform:  runtime.GOOS + "/" + runtime.GOARCH,
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	b.Version = cmp.Or(version, info.Main.Version, "(devel)")
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Commit = s.Value
		}
	}
	return b
}

func versionCommand(version string) *cobra.Command {
	out := format{allowed: []string{"json", "yaml"}}
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version, and that of the table of endpoints",
		Args:  cobra.NoArgs,
	}
	out.flag(c)
	c.RunE = action(func(c *cobra.Command, _ []string) error {
		b := buildOf(version)
		if out.value != "" {
			return printValue(c, b, out.value)
		}
		return table(c, func(row func(...string)) {
			row("aws-mesh", b.Version)
			if b.Commit != "" {
				row("commit", b.Commit)
			}
			row("endpoints", b.Endpoints)
			row("built with", b.Go+" "+b.Platform)
		})
	})
	return c
}
