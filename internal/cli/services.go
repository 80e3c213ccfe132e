package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

const aboutServices = `Prints the table of AWS endpoints: all services or, with a name, the hosts of one
service in each of its regions. SDK ids and endpoint prefixes are names, too.

"*.suffix" stands for every host below suffix: a bucket, an account, an endpoint id.
"-o name" prints names alone: of the services or, with a name, of its hosts.`

type service struct {
	endpoints.Service
	Endpoints []endpoint `json:"endpoints,omitempty"`
}

type endpoint struct {
	endpoints.Params
	Host  string   `json:"host,omitempty"` // what a client calls; none if every call has a host of its own
	Hosts []string `json:"hosts"`
}

func servicesCommand(name string) *cobra.Command {
	var p endpoints.Params
	out := format{value: "table", allowed: []string{"table", "json", "yaml", "name"}}
	c := &cobra.Command{
		Use:     "services [NAME]",
		Short:   "Print the AWS services, or the hosts of one",
		Long:    aboutServices,
		Args:    cobra.MaximumNArgs(1),
		Example: example(name, "%s services", "%s services dynamodb --region eu-west-1", "%s services s3 --region us-gov-west-1 --fips -o json"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return serviceNames(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	f := c.Flags()
	f.StringVar(&p.Region, "region", "", `AWS region, as in "eu-west-1"; default: all`)
	f.BoolVar(&p.FIPS, "fips", false, "FIPS endpoints, as with AWS_USE_FIPS_ENDPOINT=true")
	f.BoolVar(&p.DualStack, "dual-stack", false, "dual-stack endpoints, as with AWS_USE_DUALSTACK_ENDPOINT=true")
	complete(c, "region", regionNames)
	out.flag(c)
	c.RunE = action(func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			list, err := allServices(p)
			if err != nil {
				return err
			}
			return printServices(c, list, p.Region != "", out.value)
		}
		s, err := oneService(args[0], p)
		if err != nil {
			return err
		}
		return printService(c, s, out.value)
	})
	return c
}

// allServices returns every service or, with a region or variant, those that have it.
func allServices(p endpoints.Params) ([]service, error) {
	if p.Region == "" && (p.FIPS || p.DualStack) {
		return nil, usageError{errors.New("--fips and --dual-stack need --region or the name of a service")}
	}
	list := []service{}
	for _, s := range endpoints.Services() {
		if p.Region == "" {
			list = append(list, service{Service: s})
			continue
		}
		found, err := oneService(s.Name, p)
		var absent *endpoints.NotInRegionError
		switch {
		case errors.As(err, &absent):
		case err != nil:
			return nil, err
		default:
			list = append(list, found)
		}
	}
	return list, nil
}

// oneService resolves a service in the region of p, or in all that have it.
func oneService(name string, p endpoints.Params) (service, error) {
	s, err := endpoints.Lookup(name)
	if err != nil {
		return service{}, err
	}
	found := service{Service: s}
	regions := []string{p.Region}
	if p.Region == "" {
		regions = nil
		for _, r := range endpoints.Regions() {
			regions = append(regions, r.Name)
		}
	}
	var last error
	for _, region := range regions {
		p.Region = region
		e, err := endpoints.Resolve(s.Name, p)
		if err != nil {
			last = err
			continue
		}
		found.Endpoints = append(found.Endpoints, endpoint{p, e.Host, e.Hosts})
	}
	if len(found.Endpoints) == 0 {
		return service{}, last
	}
	return found, nil
}

func printServices(c *cobra.Command, list []service, hosts bool, format string) error {
	switch format {
	case "json", "yaml":
		return printValue(c, list, format)
	case "name":
		for _, s := range list {
			fmt.Fprintln(c.OutOrStdout(), s.Name)
		}
		return nil
	}
	return table(c, func(row func(...string)) {
		third := "ALIASES"
		if hosts {
			third = "HOSTS"
		}
		row("NAME", "ID", third)
		for _, s := range list {
			cells := s.Aliases
			if hosts {
				cells = s.Endpoints[0].Hosts
			}
			row(s.Name, s.ID, strings.Join(cells, ","))
		}
	})
}

func printService(c *cobra.Command, s service, format string) error {
	switch format {
	case "json", "yaml":
		return printValue(c, s, format)
	case "name":
		var hosts []string
		for _, e := range s.Endpoints {
			hosts = append(hosts, e.Hosts...)
		}
		slices.Sort(hosts)
		for _, host := range slices.Compact(hosts) {
			fmt.Fprintln(c.OutOrStdout(), host)
		}
		return nil
	}
	return table(c, func(row func(...string)) {
		row("REGION", "HOSTS")
		for _, e := range s.Endpoints {
			row(e.Region, strings.Join(e.Hosts, ","))
		}
	})
}

// table aligns rows, as kubectl does.
func table(c *cobra.Command, fill func(row func(cells ...string))) error {
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 8, 3, ' ', 0)
	fill(func(cells ...string) { fmt.Fprintln(w, strings.TrimRight(strings.Join(cells, "\t"), "\t")) })
	return w.Flush()
}
