package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/cli/workload"
)

const nothingAsks = "no workload has the annotation " + awsmesh.AnnotationServices

func printExplanations(c *cobra.Command, list []explanation, format string) error {
	if format != "" {
		return printValue(c, list, format)
	}
	out := c.OutOrStdout()
	for i, e := range list {
		if i > 0 {
			fmt.Fprintln(out)
		}
		e.write(out)
	}
	if len(list) == 0 {
		c.PrintErrln(nothingAsks)
	}
	return nil
}

// write writes e for a person.
func (e explanation) write(out io.Writer) {
	fmt.Fprintln(out, e.Where)
	row := func(indent int, name string, lines ...string) {
		for i, line := range lines {
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(out, "%s%-*s %s\n", strings.Repeat(" ", indent), 20-indent, name, line)
		}
	}
	if e.OptedIn {
		row(2, "mode", e.modeText())
		if e.Sidecar == workload.Assumed {
			row(2, "without a sidecar", "not in the mesh: the application does its own TLS")
		}
	} else {
		row(2, "left alone", "no annotation "+awsmesh.AnnotationServices)
	}
	for _, c := range e.Containers {
		fmt.Fprintf(out, "  container %s\n", c.Name)
		c.write(row, len(e.Buckets) > 0)
	}
	for _, warning := range e.Warnings {
		row(2, "warning", warning)
	}
}

// modeText says what the mode means for the workload.
func (e explanation) modeText() string {
	text, means := string(e.Mode), "the sidecar originates TLS"
	if e.Mode == awsmesh.Passthrough {
		means = "the application's own TLS goes through the sidecar"
	}
	switch {
	case !e.carried:
		return text + ", but no sidecar takes its calls, so the application does its own TLS: " + e.Reason
	case e.Sidecar == workload.Assumed:
		text += ", once it has a sidecar"
	}
	return text + ": " + means
}

func (c containerExplanation) write(row func(int, string, ...string), buckets bool) {
	if c.Skipped != "" {
		row(4, "left alone", c.Skipped)
		return
	}
	if c.Bypass != "" {
		row(4, "not in the mesh", c.Bypass)
	}
	region := fmt.Sprintf("%s, from %s", c.Params.Region, c.RegionFrom)
	if c.Params.FIPS {
		region += ", FIPS"
	}
	if c.Params.DualStack {
		region += ", dual-stack"
	}
	row(4, "region", region)
	for _, s := range c.Services {
		hosts := s.Hosts
		if s.Name == "s3" && buckets {
			hosts = append(hosts, "(only the buckets that are listed)")
		}
		row(4, s.Name, hosts...)
	}
	row(4, "env", texts(c.Env)...)
	row(4, "env, no sidecar", texts(c.Without)...)
	if len(c.Kept) > 0 {
		row(4, "sets itself", strings.Join(c.Kept, ", ")+" (kept)")
	}
}

func texts(vars []variable) []string {
	var list []string
	for _, v := range vars {
		list = append(list, v.Name+"="+cmp.Or(v.Value, `""`))
	}
	return list
}
