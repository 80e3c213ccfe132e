package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
	"github.com/aws-mesh/aws-mesh/internal/cli/yamledit"
)

// A format is the value of a flag -o. The empty value is the text for people.
type format struct {
	value   string
	allowed []string
}

func (f *format) flag(c *cobra.Command) {
	c.Flags().VarP(f, "output", "o", "output format: "+strings.Join(f.allowed, ", "))
	complete(c, "output", func() []string { return f.allowed })
}

// String, Set and Type make format a flag.
func (f *format) String() string { return f.value }
func (f *format) Type() string   { return "format" }
func (f *format) Set(value string) error {
	if !slices.Contains(f.allowed, value) {
		return fmt.Errorf("not one of %s", strings.Join(f.allowed, ", "))
	}
	f.value = value
	return nil
}

// complete makes the shell complete a flag's value with names.
func complete(c *cobra.Command, flag string, names func() []string) {
	err := c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return names(), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // there is no such flag
	}
}

func regionNames() []string {
	var names []string
	for _, r := range endpoints.Regions() {
		names = append(names, r.Name+"\t"+r.Partition)
	}
	return names
}

func serviceNames() []string {
	var names []string
	for _, s := range endpoints.Services() {
		names = append(names, s.Name+"\t"+s.ID)
	}
	return names
}

// printValue writes v as "json" or "yaml", with the names of its JSON.
func printValue(c *cobra.Command, v any, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(c.OutOrStdout())
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "    ")
		return encoder.Encode(v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if v, err = yamledit.FromJSON(text); err != nil {
		return err
	}
	if text, err = yamledit.YAML(v, false); err != nil {
		return err
	}
	_, err = c.OutOrStdout().Write(text)
	return err
}
