package istio

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/constants"
)

// envoys are the proxies that might notice our objects, a part that each is told of in
// any case, and what may change for it: the sidecars of namespace shop, where the objects
// are, learn of our hosts; a gateway there gets their clusters, and no way to them.
var envoys = []struct {
	name    string
	proxy   *model.Proxy
	told    string
	changes []string // beginnings of parts
}{
	{"sidecar here", sidecarIn("shop", ""), "cluster outbound|443||bank.example.com", hosts443},
	{"sidecar here, sees its own namespace only", sidecarIn("shop", "own"), "cluster PassthroughCluster", hosts443},
	{"sidecar here, sees others only", sidecarIn("shop", "others"), "cluster outbound|443||bank.example.com", nil},
	{"gateway here", gatewayIn("shop"), "listener 0.0.0.0_443 chain server_names:\"front.example.com\"", []string{"cluster"}},
	{"sidecar elsewhere", sidecarIn("elsewhere", ""), "cluster outbound|443||bank.example.com", nil},
	{"gateway elsewhere", gatewayIn("elsewhere"), "cluster outbound|443||bank.example.com", nil},
	{"waypoint elsewhere", &model.Proxy{
		Type: model.Waypoint, ConfigNamespace: "elsewhere", IPAddresses: []string{"10.0.0.15"}, Labels: map[string]string{
			"gateway.networking.k8s.io/gateway-name": "waypoint", "gateway.istio.io/managed": constants.ManagedGatewayMeshControllerLabel,
		},
	}, "cluster inbound-vip|443|http|bank.example.com", nil},
}

var hosts443 = []string{"cluster", "listener 0.0.0.0_443", "route 443"}

func sidecarIn(namespace, egress string) *model.Proxy {
	return &model.Proxy{ConfigNamespace: namespace, Labels: map[string]string{"egress": egress}}
}

func gatewayIn(namespace string) *model.Proxy {
	return &model.Proxy{Type: model.Router, ConfigNamespace: namespace, Labels: map[string]string{"istio": "ingress"}}
}

// TestNeighbours demands that every neighbour is told the same with our objects as
// without them, by the byte, and that none of them takes the TLS from ours. Only what is
// ours is added: clusters, filter chains and virtual hosts of our hosts.
//
// A host that is also a neighbour's in this namespace or the mesh's is left to the
// neighbour, if its object is seen in time. If not, its clients notice, but nothing leaves in
// plaintext. Before a neighbour's elsewhere, ours go first here.
func TestNeighbours(t *testing.T) {
	golden := goldenObjects(t)
	modes := map[string][]config.Config{"plaintext": parse(t, golden["plaintext-wildcard"]), "passthrough": parse(t, golden["passthrough"])}
	for name, cluster := range neighbours(t) {
		for _, policy := range policies {
			if policy == registryOnly && name != allOfThem {
				continue // once is enough
			}
			t.Run(name+"/"+policy.String(), func(t *testing.T) {
				without := newIstiod(t, policy, cluster, nil)
				for mode, ours := range modes {
					with := newIstiod(t, policy, cluster, ours)
					for _, e := range envoys {
						before, after := without.tell(t, e.proxy), with.tell(t, e.proxy)
						c := comparison{
							who: mode + ", " + e.name, before: before.parts(t), after: after.parts(t),
							changes: e.changes, hosts: hosts(ours),
							shared: strings.HasPrefix(name, sameHost) && (strings.HasSuffix(name, "here") || e.proxy.ConfigNamespace == "shop"),
						}
						c.check(t, e.told)
						if slices.Equal(e.changes, hosts443) {
							after.checkHosts(t, c.who, c.hosts, c.shared && !strings.Contains(name, "elsewhere"))
						}
					}
				}
			})
		}
	}
}

const (
	sameHost  = "same host: "
	allOfThem = "all of them"
)

// A comparison is of what a proxy is told without our objects and with them.
type comparison struct {
	who           string
	before, after map[string][]byte
	changes       []string
	hosts         map[string]bool
	shared        bool // a host of ours is a neighbour's too
}

func (c comparison) check(t *testing.T, told string) {
	t.Helper()
	if !slices.ContainsFunc(slices.Collect(maps.Keys(c.before)), func(part string) bool { return strings.HasPrefix(part, told) }) {
		t.Errorf("%s: is not told of %s", c.who, told)
	}
	for part, was := range c.before {
		may := slices.Contains(c.changes, part) || c.shared && c.ours(part)
		if is, still := c.after[part]; (!still || !bytes.Equal(is, was)) && !may {
			t.Errorf("%s: %s changes because of us", c.who, part)
		}
	}
	for part := range c.after {
		if _, was := c.before[part]; !was && !c.mayAdd(part) {
			t.Errorf("%s: %s is added because of us", c.who, part)
		}
	}
}

func (c comparison) ours(part string) bool {
	for host := range c.hosts {
		if strings.Contains(part, host) {
			return true
		}
	}
	return false
}

// mayAdd reports whether part is ours: of a host of ours or, as we are the first to have
// HTTP on port 443, all that there is for it.
func (c comparison) mayAdd(part string) bool {
	_, http := c.before["route 443"]
	first := !http && (strings.HasPrefix(part, "route 443") || strings.HasPrefix(part, "listener 0.0.0.0_443 chain transport_protocol:\"raw_buffer\""))
	allowed := slices.ContainsFunc(c.changes, func(beginning string) bool { return strings.HasPrefix(part, beginning) })
	return allowed && (first || c.ours(part) || slices.Contains(c.changes, part)) || c.shared && c.ours(part)
}

// checkHosts demands of each host in plaintext that it leads to verified TLS, or
// nowhere. Of a shared one, the route may be the neighbour's: then it is not proven.
func (s sidecar) checkHosts(t *testing.T, who string, hosts map[string]bool, shared bool) {
	t.Helper()
	for host, plain := range hosts {
		switch leads := s.leads(t, host); {
		case plain && !shared:
			s.checkPlaintext(t, host)
		case leads == "proven, to plaintext":
			t.Errorf("%s: %s is %s", who, host, leads)
		}
	}
}

// neighbours returns the cases of testdata/neighbours.txtar, in the world of all of them,
// and one with all but those that have a host of ours.
func neighbours(t *testing.T) map[string]string {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/neighbours.txtar")
	if err != nil {
		t.Fatal(err)
	}
	world, cases := archive.Files[0], map[string]string{}
	all := string(world.Data)
	for _, f := range archive.Files[1:] {
		cases[f.Name] = string(world.Data) + "---\n" + string(f.Data)
		if !strings.HasPrefix(f.Name, sameHost) {
			all += "---\n" + string(f.Data)
		}
	}
	cases[allOfThem] = all
	return cases
}
