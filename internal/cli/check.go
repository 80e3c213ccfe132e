package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/dynamic"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // what kubeconfigs may ask for
	"k8s.io/client-go/tools/clientcmd"

	"github.com/aws-mesh/aws-mesh/internal/cli/check"
)

const aboutCheck = `Looks in a cluster for what keeps its workloads from calling AWS as their annotations
say: the webhook and its readiness, what it has decided of each pod and whether that is
up to date, the Istio objects of the controller and who stands in their way, Istio's
version and the settings of the mesh that matter. Each finding comes with its cure.

It reads and changes nothing. What you have no right to read is named, and the rest is
looked at all the same. Without names it looks at all workloads that ask for AWS.

PLAINTEXT is how many pods leave TLS to the mesh. In the mode passthrough none does.

Exit codes: 1 if something is found that makes calls fail; warnings alone are 0.`

// checkKinds are the kinds of workloads by the names that kubectl knows them by.
var checkKinds = map[string]string{
	"deployment": "Deployment", "deployments": "Deployment", "deploy": "Deployment",
	"statefulset": "StatefulSet", "statefulsets": "StatefulSet", "sts": "StatefulSet",
	"daemonset": "DaemonSet", "daemonsets": "DaemonSet", "ds": "DaemonSet",
	"cronjob": "CronJob", "cronjobs": "CronJob", "cj": "CronJob",
	"job": "Job", "jobs": "Job",
	"pod": "Pod", "pods": "Pod", "po": "Pod",
}

// A cluster is the flags that say which one, as kubectl has them.
type cluster struct {
	rules     *clientcmd.ClientConfigLoadingRules
	overrides clientcmd.ConfigOverrides
	all       bool // namespaces
	istio     string
}

func (k *cluster) flags(c *cobra.Command) {
	k.rules = clientcmd.NewDefaultClientConfigLoadingRules()
	f := c.Flags()
	f.StringVar(&k.rules.ExplicitPath, "kubeconfig", "", "path to the kubeconfig file")
	clientcmd.BindOverrideFlags(&k.overrides, f, clientcmd.RecommendedConfigOverrideFlags(""))
	f.BoolVarP(&k.all, "all-namespaces", "A", false, "look at all namespaces")
	f.StringVarP(&k.istio, "istioNamespace", "i", "istio-system", "Istio's root namespace")
}

// client returns a client, and what it is to look at.
func (k *cluster) client() (dynamic.Interface, check.Scope, error) {
	loaded := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(k.rules, &k.overrides)
	scope := check.Scope{IstioNamespace: k.istio}
	config, err := loaded.ClientConfig()
	switch {
	case clientcmd.IsEmptyConfig(err):
		return nil, scope, errors.New("no cluster: give a kubeconfig with --kubeconfig or KUBECONFIG")
	case err != nil:
		return nil, scope, err
	}
	config.QPS, config.Burst = 50, 100
	if !k.all {
		if scope.Namespace, _, err = loaded.Namespace(); err != nil {
			return nil, scope, err
		}
	}
	client, err := dynamic.NewForConfig(config)
	return client, scope, err
}

func checkCommand(name string) *cobra.Command {
	var k cluster
	out := format{allowed: []string{"json", "yaml"}}
	c := &cobra.Command{
		Use:   "check [KIND/NAME ...]",
		Short: "Look in a cluster for what keeps workloads from calling AWS",
		Long:  aboutCheck,
		Example: example(name,
			"%s check -n shop",
			"%s check -n shop deployment/orders",
			"%s check -A -o json"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return []string{"cronjob/", "daemonset/", "deployment/", "job/", "pod/", "statefulset/"},
				cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		},
	}
	k.flags(c)
	out.flag(c)
	c.RunE = action(func(c *cobra.Command, args []string) error {
		wanted, err := parseNames(args, k.all)
		if err != nil {
			return err
		}
		client, scope, err := k.client()
		if err != nil {
			return err
		}
		s, err := check.Read(c.Context(), client, scope)
		if err != nil {
			return err
		}
		report, err := check.Run(c.Context(), s, scope, wanted)
		if err != nil {
			return err
		}
		if len(report.Workloads) == 0 && out.value == "" {
			c.PrintErrln(nobodyAsks(scope, args))
		}
		return printReport(c, report, out.value)
	})
	return c
}

// parseNames reads arguments such as "deployment/orders", or "deployment.apps/orders" as
// "kubectl get -o name" prints it.
func parseNames(args []string, all bool) ([]check.Name, error) {
	var names []check.Name
	for _, arg := range args {
		kind, name, found := strings.Cut(arg, "/")
		kind, _, _ = strings.Cut(kind, ".")
		known := checkKinds[strings.ToLower(kind)]
		switch {
		case all:
			return nil, usageError{errors.New("a workload cannot be named across all namespaces: leave out -A, or the names")}
		case !found || name == "":
			return nil, usageError{fmt.Errorf("%q is not KIND/NAME, as in deployment/orders", arg)}
		case known == "":
			return nil, usageError{fmt.Errorf("%q: unknown kind; known are deployment, statefulset, daemonset, cronjob, job and pod", arg)}
		}
		names = append(names, check.Name{Kind: known, Name: name})
	}
	return names, nil
}
