package install_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// A right is what one line of RBAC comes down to for the account of a binding.
type right struct {
	scope                       string // a namespace, or empty: the cluster
	verb, group, resource, name string
}

// A role is known to bindings by these three; namespace is empty for a ClusterRole.
type role struct{ kind, namespace, name string }

// rules returns every right that the manifests grant. It demands that they grant none to
// anybody but the webhook, and none that they do not spell out.
func rules(t *testing.T, manifests []byte) map[right]bool {
	t.Helper()
	objs, err := decode(manifests)
	must(t, err)
	roles := map[role][]rbacv1.PolicyRule{}
	var bindings []rbacv1.RoleBinding
	for _, obj := range objs {
		switch obj.GetKind() {
		case "Role", "ClusterRole":
			var r rbacv1.ClusterRole
			must(t, runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, &r))
			roles[role{r.Kind, r.Namespace, r.Name}] = r.Rules
			if r.AggregationRule != nil {
				t.Errorf("%s %s has the rules of others", r.Kind, r.Name)
			}
		case "RoleBinding", "ClusterRoleBinding":
			var b rbacv1.RoleBinding
			must(t, runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, &b))
			bindings = append(bindings, b)
		}
	}
	rights, bound := map[right]bool{}, map[role]bool{}
	for _, b := range bindings {
		to := role{b.RoleRef.Kind, "", b.RoleRef.Name}
		if to.kind == "Role" {
			to.namespace = b.Namespace
		}
		if roles[to] == nil {
			t.Errorf("%s %s grants what is not in the manifests: %v", b.Kind, b.Name, to)
		}
		if diff := cmp.Diff([]rbacv1.Subject{{Kind: "ServiceAccount", Namespace: namespace, Name: account}}, b.Subjects); diff != "" {
			t.Errorf("%s %s: who gets the rights (-want +got):\n%s", b.Kind, b.Name, diff)
		}
		bound[to] = true
		for _, rule := range roles[to] {
			add(t, rights, b.Namespace, rule)
		}
	}
	for r := range roles {
		if !bound[r] {
			t.Errorf("nobody is bound to %v: does it add to other roles?", r)
		}
	}
	return rights
}

func add(t *testing.T, rights map[right]bool, scope string, rule rbacv1.PolicyRule) {
	t.Helper()
	if len(rule.NonResourceURLs) > 0 {
		t.Errorf("granted are the URLs %q, which no test compares with what is asked for", rule.NonResourceURLs)
	}
	names := rule.ResourceNames
	if len(names) == 0 {
		names = []string{""}
	}
	for _, group := range rule.APIGroups {
		for _, resource := range rule.Resources {
			for _, verb := range rule.Verbs {
				for _, name := range names {
					rights[right{scope, verb, group, resource, name}] = true
				}
			}
		}
	}
}
