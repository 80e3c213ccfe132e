package install_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the alerts of docs/operation.md look at is there when it is to be: the API
// server's series after a refusal, ours with a leader and something in its way.
func TestAlertsLookAtWhatThereIs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "operation.md"))
	must(t, err)
	_, alerts, _ := strings.Cut(string(text), "```promql\n")
	alerts, _, _ = strings.Cut(alerts, "```")
	series := regexp.MustCompile(`(?m)^[^#\n]*?(\w+_\w+)(\{[^}]*\})?.*$`).FindAllStringSubmatch(alerts, -1)
	if len(series) == 0 {
		t.Fatal("docs/operation.md has no alerts")
	}

	ns := newNamespace(t, "alerts")
	if err := env.Client.Create(t.Context(), annotated(ns, "refused")); err == nil {
		t.Fatal("a pod was admitted without a webhook")
	}
	api, err := env.Kubectl(t.Context(), "get", "--raw", "/metrics")
	must(t, err)
	leader := lead(t)
	must(t, env.Client.Create(t.Context(), annotated(ns, "app")))
	must(t, apply(t, "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: mine, namespace: "+ns+"}\n"+
		"spec: {exportTo: [.], hosts: [dynamodb.eu-west-1.amazonaws.com], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}"))
	_, err = env.Kubectl(t.Context(), "run", "forged", "-n", ns, "--image=example.com/app:1")
	must(t, err)
	_, err = env.Kubectl(t.Context(), "label", "pod", "forged", "-n", ns, "aws-mesh/egress=true")
	must(t, err)

	eventually(t, func() error {
		all := strings.Split(api+leader.metrics(t), "\n")
		for _, s := range series {
			name, labels := s[1], selected(s[2])
			if !slices.ContainsFunc(all, func(line string) bool {
				return strings.HasPrefix(line, name+"{") && !slices.ContainsFunc(labels, func(l string) bool { return !strings.Contains(line, l) })
			}) {
				return fmt.Errorf("nothing is %s%s", name, labels)
			}
		}
		return nil
	})
}

// selected returns the labels of a selector that the program itself sets.
func selected(selector string) []string {
	labels := strings.Split(strings.Trim(selector, "{}"), ",")
	return slices.DeleteFunc(labels, func(l string) bool { return l == "" || strings.HasPrefix(l, "pod=") })
}
