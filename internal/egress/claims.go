package egress

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// DefaultRootNamespace is what meshConfig.rootNamespace is by default.
const DefaultRootNamespace = "istio-system"

// A claim is an object that we did not write for a host, or with a name, of ours.
type claim struct {
	object *unstructured.Unstructured
	named  bool // it names the host; else it has our object's name only
	own    bool // its authors have a say in the namespace; else ours go first
}

// blocks reports whether we stand back from the host. A VirtualService of the user
// only takes the place of ours.
func (c claim) blocks() bool { return c.own && c.object.GetKind() != virtualService }

func blocked(claims []claim) bool { return slices.ContainsFunc(claims, claim.blocks) }

// claimsOn returns the claims on our objects called name: what acts on the namespace's
// sidecars and names their host, and what has their name.
func (e Egress) claimsOn(name string, objects []*unstructured.Unstructured) []claim {
	var claims []claim
	seen := map[types.UID]bool{}
	for _, u := range objects {
		named := slices.Contains(claimedNames(u), name) && visible(u, e.Namespace)
		occupies := u.GetNamespace() == e.Namespace && u.GetName() == name && !ours(u)
		if (named || occupies) && !seen[u.GetUID()] {
			seen[u.GetUID()] = true
			claims = append(claims, claim{object: u, named: named, own: e.own(u)})
		}
	}
	return claims
}

// own reports whether who wrote u has a say in the namespace: who writes in Istio's root
// namespace rules the mesh. For anybody else we do not
// stand back: who shows an object to the whole mesh would have us take ours away, and get
// the calls. Istio prefers ours, which are private. An egress gateway has the calls anyway.
func (e Egress) own(u *unstructured.Unstructured) bool {
	return slices.Contains([]string{e.Namespace, cmp.Or(e.RootNamespace, DefaultRootNamespace), e.Gateway.Namespace}, u.GetNamespace())
}

// claimedNames returns the names that our objects for u's hosts have, if u is a
// user's object that acts on sidecars.
func claimedNames(u *unstructured.Unstructured) []string {
	if ours(u) {
		return nil
	}
	spec, _ := u.Object["spec"].(map[string]any)
	if gateways := texts(spec["gateways"]); len(gateways) > 0 && !slices.Contains(gateways, "mesh") {
		return nil
	}
	var names []string
	for _, host := range append(texts(spec["hosts"]), texts([]any{spec["host"]})...) {
		names = append(names, Name(strings.ToLower(host)))
	}
	return names
}

// visible reports whether u acts on the sidecars of namespace. One that does not say
// whom it is for is for all, Istio's default.
func visible(u *unstructured.Unstructured, namespace string) bool {
	spec, _ := u.Object["spec"].(map[string]any)
	exportTo := texts(spec["exportTo"])
	return len(exportTo) == 0 || slices.Contains(exportTo, "*") || slices.Contains(exportTo, namespace) ||
		u.GetNamespace() == namespace && slices.Contains(exportTo, ".")
}

// texts returns the strings of a JSON array.
func texts(list any) []string {
	items, _ := list.([]any)
	var out []string
	for _, item := range items {
		if s, ok := item.(string); ok && s != "" {
			out = append(out, s)
		}
	}
	return out
}
