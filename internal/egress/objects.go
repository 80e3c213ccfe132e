package egress

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// The kinds of networking.istio.io/v1 that we write.
const (
	destinationRule = "DestinationRule"
	virtualService  = "VirtualService"
	serviceEntry    = "ServiceEntry"
)

// kinds returns our kinds in the order of apply. The DestinationRule comes first:
// without it, an open host would be called in plaintext all the way to AWS.
func kinds() []string { return []string{destinationRule, virtualService, serviceEntry} }

func gvk(kind string) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: kind}
}

const (
	labelManagedBy = "app.kubernetes.io/managed-by"
	managedBy      = "aws-mesh"

	// Without it, Istio's DNS proxy may answer with an address of its own for the
	// host, and TLS that an application does itself hangs.
	labelAutoAllocate = "networking.istio.io/enable-autoallocate-ip"

	namePrefix = "aws-mesh-"
	maxName    = 253 // of a DNS-1123 subdomain
	port       = int64(443)

	// subset is what the DestinationRule adds to the host's clusters. The route goes
	// there: where the DestinationRule has not arrived, it leads nowhere.
	subset = "tls"
)

// Name returns the name of the objects for host: different hosts have different
// names.
func Name(host string) string {
	name := namePrefix + host
	if suffix, wild := strings.CutPrefix(host, "*."); wild {
		name = namePrefix + "any." + suffix
	}
	if len(name) <= maxName && !strings.HasPrefix(host, "any.") {
		return name
	}
	sum := sha256.Sum256([]byte(host))
	return name[:min(len(name), maxName-17)] + "-" + hex.EncodeToString(sum[:8])
}

// Objects returns the Istio objects that make e so, in the order in which to apply
// them.
func (e Egress) Objects() []*unstructured.Unstructured {
	var objects []*unstructured.Unstructured
	for _, l := range e.legs() {
		objects = append(objects, l.objects(e.Namespace)...)
	}
	return objects
}

// A leg is the objects of one name: what some proxy has to know of a host.
type leg struct {
	host     string                    // in the objects, and in their name
	of       string                    // the host of AWS; "": all that pass the gateway
	specs    map[string]map[string]any // by kind
	allocate bool                      // Istio gives the host an address of its own
}

// legs returns all of e, what is called before what calls it.
func (e Egress) legs() []leg {
	var legs []leg
	for _, h := range e.Hosts {
		if h.Waypoint {
			legs = append(legs, h.fromWaypoint())
			continue
		}
		via := e.viaGateway(h)
		if via {
			legs = append(legs, e.fromGateway(h))
		}
		legs = append(legs, h.fromSidecar(via, e.Gateway))
	}
	if slices.ContainsFunc(e.Hosts, e.viaGateway) {
		legs = slices.Insert(legs, 0, e.toGateway())
	}
	return legs
}

// fromSidecar is what the sidecars need for h. Those that go to a gateway have no
// address of AWS at all, so nothing passes it by.
func (h Host) fromSidecar(viaGateway bool, g Gateway) leg {
	entry := h.serviceEntry()
	l := leg{host: h.Name, of: h.Name, specs: map[string]map[string]any{serviceEntry: entry}}
	switch {
	case viaGateway:
		entry["resolution"] = "STATIC"
		l.specs[virtualService] = h.virtualService(awsmesh.RouteOfSidecar, routeTo(g.host(), gatewaySubset))
	case h.Mode == awsmesh.Plaintext:
		l.specs[destinationRule] = h.destinationRule()
		l.specs[virtualService] = h.virtualService(awsmesh.RouteOfSidecar, routeTo(h.Name, subset))
	}
	return l
}

func (l leg) objects(namespace string) []*unstructured.Unstructured {
	var objects []*unstructured.Unstructured
	for _, kind := range kinds() {
		if spec, ok := l.specs[kind]; ok {
			objects = append(objects, object(kind, namespace, Name(l.host), spec, l.allocate))
		}
	}
	return objects
}

func object(kind, namespace, name string, spec map[string]any, allocate bool) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetGroupVersionKind(gvk(kind))
	u.SetName(name)
	if namespace != "" {
		u.SetNamespace(namespace)
	}
	labels := map[string]string{labelManagedBy: managedBy}
	if kind == serviceEntry {
		labels[labelAutoAllocate] = strconv.FormatBool(allocate)
	}
	u.SetLabels(labels)
	return u
}
