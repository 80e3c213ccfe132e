package cli

import (
	"bytes"
	"errors"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/cli/check"
)

const reportText = `NAMESPACE   WORKLOAD            PODS   PLAINTEXT   MODE          SERVICES   WHY
shop        deployment/orders   5      4           plaintext     sns,sqs    the sidecar takes port 443
shop        deployment/stock    1      -           passthrough   s3         mode passthrough: the application originates TLS
shop        deployment/mixed    2      1           passthrough   s3         mode passthrough: the application originates TLS

error    Deployment shop/orders (pods a, b, c and 2 more)
         not seen
cure     restart

warning  Deployment shop/stock (pods a, b)
         old

warning  Deployment shop/stock (pod a)
         odd

not looked at: namespaces: no right

workloads: 3, errors: 1, warnings: 2
`

// The report of a cluster, as a person reads it.
func TestPrintReport(t *testing.T) {
	r := check.Report{
		Workloads: []check.Workload{
			{Kind: "Deployment", Namespace: "shop", Name: "orders", Pods: 5, InMesh: 4, Mode: awsmesh.Plaintext, Services: []string{"sns", "sqs"}, Reason: "the sidecar takes port 443"},
			{Kind: "Deployment", Namespace: "shop", Name: "stock", Pods: 1, Mode: awsmesh.Passthrough, Services: []string{"s3"}, Reason: "mode passthrough: the application originates TLS"},
			{Kind: "Deployment", Namespace: "shop", Name: "mixed", Pods: 2, InMesh: 1, Mode: awsmesh.Passthrough, Services: []string{"s3"}, Reason: "mode passthrough: the application originates TLS"},
		},
		Findings: []check.Finding{
			{Severity: check.Error, Where: "Deployment shop/orders", Pods: []string{"a", "b", "c", "d", "e"}, Problem: "not seen", Cure: "restart"},
			{Severity: check.Warning, Where: "Deployment shop/stock", Pods: []string{"a", "b"}, Problem: "old"},
			{Severity: check.Warning, Where: "Deployment shop/stock", Pods: []string{"a"}, Problem: "odd"},
		},
		Unread: []check.Unread{{What: "namespaces", Why: "no right"}},
	}
	var out bytes.Buffer
	c := &cobra.Command{}
	c.SetOut(&out)
	if err := printReport(c, r, ""); !errors.Is(err, errFindings) {
		t.Errorf("error %v, want %v", err, errFindings)
	}
	if diff := gocmp.Diff(reportText, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestNobodyAsks(t *testing.T) {
	shop := check.Scope{Namespace: "shop"}
	for _, c := range []struct {
		scope check.Scope
		args  []string
		want  string
	}{
		{shop, nil, `no workload in namespace "shop" has pods with the annotation aws-mesh/services`},
		{shop, []string{"deployment/a", "job/b"}, `none of deployment/a, job/b in namespace "shop" has pods with the annotation aws-mesh/services`},
		{check.Scope{}, nil, `no workload in the cluster has pods with the annotation aws-mesh/services`},
	} {
		if got := nobodyAsks(c.scope, c.args); got != c.want {
			t.Errorf("nobodyAsks(%v, %v) = %q, want %q", c.scope, c.args, got, c.want)
		}
	}
}

// Names as "kubectl get -o name" prints them are known too.
func TestParseNames(t *testing.T) {
	want := []check.Name{{Kind: "Deployment", Name: "a"}, {Kind: "Job", Name: "b"}, {Kind: "Pod", Name: "c"}, {Kind: "Deployment", Name: "d"}}
	got, err := parseNames([]string{"deployment.apps/a", "jobs.v1.batch/b", "pod/c", "deploy/d"}, false)
	if diff := gocmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}
