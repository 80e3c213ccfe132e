package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/cli/check"
)

// errFindings ends a check that has found what breaks calls; it is in the output.
var errFindings = errors.New("something breaks calls to AWS")

func printReport(c *cobra.Command, r check.Report, format string) error {
	var err error
	if r.Count(check.Error) > 0 {
		err = errFindings
	}
	if format != "" {
		return errors.Join(printValue(c, r, format), err)
	}
	return errors.Join(printWorkloads(c, r.Workloads), printFindings(c.OutOrStdout(), r), err)
}

// nobodyAsks says where no workload asks for AWS.
func nobodyAsks(scope check.Scope, args []string) string {
	who, where := "no workload", "the cluster"
	if len(args) > 0 {
		who = "none of " + strings.Join(args, ", ")
	}
	if scope.Namespace != "" {
		where = fmt.Sprintf("namespace %q", scope.Namespace)
	}
	return fmt.Sprintf("%s in %s has pods with the annotation %s", who, where, awsmesh.AnnotationServices)
}

func printWorkloads(c *cobra.Command, list []check.Workload) error {
	if len(list) == 0 {
		return nil
	}
	return table(c, func(row func(...string)) {
		row("NAMESPACE", "WORKLOAD", "PODS", "PLAINTEXT", "MODE", "SERVICES", "WHY")
		for _, w := range list {
			plaintext := fmt.Sprint(w.InMesh)
			if w.Mode == awsmesh.Passthrough && w.InMesh == 0 {
				plaintext = "-" // none is to be
			}
			row(w.Namespace, strings.ToLower(w.Kind)+"/"+w.Name, fmt.Sprint(w.Pods), plaintext, string(w.Mode), strings.Join(w.Services, ","), w.Reason)
		}
	})
}

// mostNamed is how many pods of a finding are named in text.
const mostNamed = 3

func podNames(pods []string) string {
	switch n := len(pods); {
	case n == 1:
		return "pod " + pods[0]
	case n > mostNamed:
		return fmt.Sprintf("pods %s and %d more", strings.Join(pods[:mostNamed], ", "), n-mostNamed)
	}
	return "pods " + strings.Join(pods, ", ")
}

func printFindings(out io.Writer, r check.Report) error {
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(out, "%-8s %s\n", label, text)
		}
	}
	for _, f := range r.Findings {
		where := f.Where
		if len(f.Pods) > 0 && !strings.HasPrefix(where, "Pod ") {
			where += " (" + podNames(f.Pods) + ")"
		}
		fmt.Fprintln(out)
		line(string(f.Severity), where)
		line("", f.Problem)
		line("cure", f.Cure)
	}
	if len(r.Unread) > 0 {
		fmt.Fprintln(out)
	}
	for _, u := range r.Unread {
		fmt.Fprintf(out, "not looked at: %s: %s\n", u.What, u.Why)
	}
	_, err := fmt.Fprintf(out, "\nworkloads: %d, errors: %d, warnings: %d\n", len(r.Workloads), r.Count(check.Error), r.Count(check.Warning))
	return err
}
