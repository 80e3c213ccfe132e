package install_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

const privateHosts = "deploy/components/private-hosts/policy.yaml"

// An istioObject is one that names a host, in a namespace.
type istioObject struct{ kind, namespace, host, fields string }

func (o istioObject) manifest() string {
	spec := map[string]string{
		"ServiceEntry":    "hosts: [%q], location: MESH_EXTERNAL, resolution: NONE, ports: [{number: 443, name: http, protocol: HTTP}]",
		"DestinationRule": "host: %q",
		"VirtualService":  "hosts: [%q], http: [{route: [{destination: {host: trap.example.com}}]}]",
	}[o.kind]
	return fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: %s\nmetadata: {name: entry, namespace: %s}\nspec: {"+spec+", %s}", o.kind, o.namespace, o.host, o.fields)
}

// With the policy, nobody shows another namespace an object for a host of AWS, whatever
// the suffix; all else is as it was.
func TestPrivateHosts(t *testing.T) {
	if documents(t, kustomizeAt(t, likeREADME(t, []string{"private-hosts"})))["ValidatingAdmissionPolicy/aws-mesh-private-hosts"] == nil {
		t.Error("deploy/README.md's kustomization does not install it")
	}
	own, left := newNamespace(t, "own"), newNamespace(t, "istio-system")
	const bucket, toAll = "orders.s3.eu-west-1.amazonaws.com", `exportTo: ["*"]`
	before := istioObject{"ServiceEntry", own, "before." + bucket, toAll}
	must(t, apply(t, before.manifest()))
	policy(t, own)

	for name, o := range map[string]istioObject{
		"ServiceEntry":                  {"ServiceEntry", own, bucket, toAll},
		"DestinationRule":               {"DestinationRule", own, bucket, toAll},
		"VirtualService":                {"VirtualService", own, bucket, toAll},
		"by default":                    {"ServiceEntry", own, bucket, ""},
		"to nobody in particular":       {"ServiceEntry", own, bucket, "exportTo: []"},
		"to one namespace":              {"ServiceEntry", own, bucket, `exportTo: [".", victim]`},
		"in capitals":                   {"ServiceEntry", own, "S3.EU-West-1.AmazonAWS.com", toAll},
		"a suffix itself":               {"ServiceEntry", own, "amazonaws.com", toAll},
		"all below a suffix":            {"ServiceEntry", own, "*.amazonaws.com", toAll},
		"a wildcard above":              {"ServiceEntry", own, "*.com", toAll},
		"a wildcard above, to sidecars": {"VirtualService", own, "*.com", toAll + ", gateways: [mesh, ingress]"},
		"at a gateway":                  {"VirtualService", own, bucket, toAll + ", gateways: [aws-mesh-egress/aws-mesh]"},
		"ours at the egress gateway":    {"ServiceEntry", own, bucket + ".aws-mesh.internal", "exportTo: [aws-mesh-egress]"},
		"what was there before, anew":   {"ServiceEntry", own, before.host, toAll + ", subjectAltNames: [trap.example.com]"},
	} {
		err := try(t, "", o)
		if err == nil || !strings.Contains(err.Error(), "spec.exportTo: "+strings.ToLower(o.host)+" is, or may be, a host of AWS") {
			t.Errorf("%s: %v; want a refusal that names the host", name, err)
		}
	}
	for name, o := range map[string]istioObject{
		"private":                      {"ServiceEntry", own, bucket, `exportTo: ["."]`},
		"private, by name":             {"VirtualService", own, bucket, "exportTo: [own]"},
		"seen by nobody":               {"DestinationRule", own, bucket, `exportTo: ["~"]`},
		"in a namespace left out":      {"ServiceEntry", left, bucket, toAll},
		"of another company":           {"ServiceEntry", own, "api.example.com", toAll},
		"a name that only ends so":     {"ServiceEntry", own, "notamazonaws.com", toAll},
		"a wildcard beside":            {"ServiceEntry", own, "*.example.com", toAll},
		"a wildcard above, of ingress": {"VirtualService", own, "*", toAll + ", gateways: [ingress]"},
	} {
		if err := try(t, "", o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	atGateway := istioObject{"VirtualService", own, bucket, "exportTo: [aws-mesh-egress], gateways: [aws-mesh-egress/aws-mesh]"}
	if err := try(t, webhookUser, atGateway); err != nil {
		t.Errorf("the controller's own for the egress gateway: %v", err)
	}
	_, err := env.Kubectl(t.Context(), "label", "serviceentry", "entry", "-n", own, "team=orders")
	must(t, err)
}

// applyPolicy applies the policy of that name, and its binding, until the end of the test.
func applyPolicy(t *testing.T, name, manifests string) {
	t.Helper()
	must(t, apply(t, manifests))
	t.Cleanup(func() {
		_, err := env.Kubectl(context.WithoutCancel(t.Context()), "delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", name)
		must(t, err)
	})
}

// policy has the policy in force until the end of the test: as soon as it refuses, in
// namespace.
func policy(t *testing.T, namespace string) {
	t.Helper()
	manifests, err := os.ReadFile(filepath.Join(root, privateHosts))
	must(t, err)
	applyPolicy(t, "aws-mesh-private-hosts", string(manifests))
	eventually(t, func() error {
		if try(t, "", istioObject{"DestinationRule", namespace, "s3.amazonaws.com", ""}) == nil {
			return errors.New("the policy is not in force")
		}
		return nil
	})
	warnings, err := env.Kubectl(t.Context(), "get", "validatingadmissionpolicy", "aws-mesh-private-hosts", "-o", "jsonpath={.status.typeChecking.expressionWarnings}")
	if err != nil || warnings != "" {
		t.Errorf("type checking: %v %s", err, warnings)
	}
}

// try has the API server judge o, as user or as an administrator, without keeping it.
func try(t *testing.T, user string, o istioObject) error {
	t.Helper()
	objs, err := decode([]byte(o.manifest()))
	must(t, err)
	config := rest.CopyConfig(env.Config)
	config.Impersonate.UserName = user
	c, err := client.New(config, client.Options{Mapper: env.Client.RESTMapper()})
	must(t, err)
	return c.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(objs[0]), client.DryRunAll, client.ForceOwnership, client.FieldOwner("test"))
}

// The policy knows the suffixes of all hosts that the table may open, and no others.
func TestPrivateHostsKnowsAllSuffixes(t *testing.T) {
	manifests, err := os.ReadFile(filepath.Join(root, privateHosts))
	must(t, err)
	spec := documents(t, manifests)["ValidatingAdmissionPolicy/aws-mesh-private-hosts"].Object["spec"].(map[string]any)
	var suffixes []string
	for _, v := range spec["variables"].([]any) {
		if v := v.(map[string]any); v["name"] == "suffixes" {
			for _, quoted := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(v["expression"].(string), -1) {
				suffixes = append(suffixes, quoted[1])
			}
		}
	}
	used := map[string]bool{".aws-mesh.internal": true}
	for host := range allHosts() {
		i := slices.IndexFunc(suffixes, func(s string) bool { return strings.HasSuffix(host, s) })
		if i < 0 {
			t.Errorf("%s is below none of %q", host, suffixes)
			continue
		}
		used[suffixes[i]] = true
	}
	for _, s := range suffixes {
		if !used[s] {
			t.Errorf("no host ends with %s", s)
		}
	}
}

// allHosts returns the hosts of all services, in one region of each partition where they
// are.
func allHosts() map[string]bool {
	type question struct {
		service, partition string
		fips, dual         bool
	}
	found, hosts := map[question]bool{}, map[string]bool{}
	for _, region := range endpoints.Regions() {
		for _, service := range endpoints.Services() {
			for variant := range 4 {
				q := question{service.Name, region.Partition, variant&1 > 0, variant&2 > 0}
				if found[q] {
					continue
				}
				endpoint, err := endpoints.Resolve(service.Name, endpoints.Params{Region: region.Name, FIPS: q.fips, DualStack: q.dual})
				found[q] = err == nil
				for _, host := range endpoint.Hosts {
					hosts[host] = true
				}
			}
		}
	}
	return hosts
}
