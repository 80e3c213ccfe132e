package e2e

import (
	_ "embed"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A sight is what a probe has seen of a server, see the probe's.
type sight struct {
	Status                     int
	Server, Said, Peer, Failed string
}

// What may be seen.
var (
	company   = sight{Status: 200, Said: "another company", Peer: "www.example.com"}
	partner   = sight{Status: 200, Said: "another company", Peer: "partner.example.com"}
	shared    = sight{Status: 200, Said: "another company", Peer: "shared.example.com"}
	private   = sight{Status: 200, Said: "another company", Peer: "private.example.com"}
	aws403    = sight{Status: 403, Peer: "sqs.eu-west-1.amazonaws.com"} // unsigned
	istiod    = sight{Status: 404, Said: "404 page not found", Peer: "istio-pilot.istio-system.svc"}
	apiServer = sight{Status: 200, Said: "ok", Peer: "kube-apiserver"}
	noPod     = sight{Status: 503, Said: "no healthy upstream", Server: "envoy"}
	greeting  = sight{Said: "220 ready when you are"}
	plain     = sight{Status: 200, Said: "another company", Server: "envoy"}
	noWayOut  = sight{Status: 502, Server: "envoy"}
	closed    = sight{Failed: "closed"}
	silence   = sight{Failed: "silence"}
)

// neighbours are what applications call besides AWS, and what they see in each kind of
// mesh: the same with aws-mesh as without.
var neighbours = []struct {
	what, asks             string
	allowAny, registryOnly sight
}{
	{"HTTPS, no ServiceEntry", "fetch?url=https://www.example.com/", company, closed},
	{"HTTPS, a ServiceEntry here", "fetch?url=https://partner.example.com/", partner, partner},
	{"HTTPS, a ServiceEntry elsewhere for us", "fetch?url=https://shared.example.com/", shared, shared},
	{"HTTPS, a ServiceEntry elsewhere not for us", "fetch?url=https://private.example.com/", private, closed},
	{"HTTPS, AWS not asked for", "fetch?url=https://sqs.eu-west-1.amazonaws.com/", aws403, closed},
	{"HTTPS, ClusterIP", "fetch?url=https://istiod.istio-system.svc/", istiod, istiod},
	{"HTTPS, API server", "fetch?url=https://kubernetes.default/livez?exclude=etcd", apiServer, apiServer},
	{"TCP, server first", "dial?address=mail.example.com:25", greeting, closed},
	{"HTTP on 80", "fetch?url=http://www.example.com/", plain, noWayOut},
	{"HTTP on 80, AWS asked for", "fetch?url=http://dynamodb.eu-west-1.amazonaws.com/", plain, noWayOut},
	{"HTTP on 80, AWS asked for by wildcard", "fetch?url=http://orders.s3.eu-west-1.amazonaws.com/", plain, noWayOut},
	{"HTTP on 80, ClusterIP", "fetch?url=http://stock.partners/", noPod, noPod},
}

// hears returns what the app sees of the neighbour who notices: on port 443, where Istio
// has to tell HTTP or server names from the first bytes of the client, a server that
// speaks first is not heard. Any ServiceEntry does that which has no address of its own,
// as most have with DNS capture.
func (s space) hears(t *testing.T, a app, want sight) sight {
	t.Helper()
	question := "dial?address=greeting.example.com:443"
	if want == silence {
		question += "&patience=5s"
	}
	return ask[sight](t, s, s.get(t, a).Name, question)
}

// first is what comes of it where Istio does not look.
func (s space) first() sight {
	if s.Policy == "REGISTRY_ONLY" {
		return closed
	}
	return greeting
}

//go:embed testdata/partner.yaml
var partnerYAML string

//go:embed testdata/partners.yaml
var partnersYAML string

// partners is what another namespace has for those named.
func partners(names []string) string {
	return strings.ReplaceAll(partnersYAML, "NAMES", strings.Join(names, ","))
}

// A view is what an app sees of its neighbours.
type view struct {
	seen  []sight
	first sight           // of the server that speaks first
	ways  map[string]bool // the clusters of the sidecar by which it went to the others
}

// lookAround has all apps call their neighbours. Of the one who speaks first they are to
// see what first says.
func (s space) lookAround(t *testing.T, first func(a app) sight) map[string]view {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	views := map[string]view{}
	for _, a := range s.Apps {
		all.Go(func() {
			v := s.look(t, a)
			v.first = s.hears(t, a, first(a))
			mu.Lock()
			defer mu.Unlock()
			views[a.Name] = v
		})
	}
	all.Wait()
	return views
}

func (s space) look(t *testing.T, a app) view {
	t.Helper()
	pod := s.get(t, a).Name
	before := s.ways(t, a)
	v := view{seen: make([]sight, len(neighbours)), ways: map[string]bool{}}
	var all sync.WaitGroup
	for i, n := range neighbours {
		all.Go(func() { v.seen[i] = ask[sight](t, s, pod, n.asks) })
	}
	all.Wait()
	for way, n := range s.ways(t, a) {
		if n > before[way] {
			v.ways[way] = true
		}
	}
	return v
}

var counter = regexp.MustCompile(`(?m)^cluster\.([^;\s]+);?\.upstream_(?:cx|rq)_(?:total|none_healthy): (\d+)`)

// ways counts the connections and requests of an app's sidecar by cluster.
func (s space) ways(t *testing.T, a app) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, m := range counter.FindAllStringSubmatch(s.envoy(t, a, "stats?filter=upstream_(cx|rq)_(total|none_healthy)"), -1) {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			t.Error(err)
		}
		counts[m[1]] += n
	}
	return counts
}

// check demands what is written down.
func (v view) check(t *testing.T, policy, app string, first sight) {
	t.Helper()
	cell(t, []string{app, "TCP on 443, server first"}, func(t *testing.T) {
		if v.first != first {
			t.Errorf("saw %+v, want %+v", v.first, first)
		}
	})
	for i, n := range neighbours {
		want := n.allowAny
		if policy == "REGISTRY_ONLY" {
			want = n.registryOnly
		}
		cell(t, []string{app, n.what}, func(t *testing.T) {
			got := v.seen[i]
			if want.Said == "" {
				got.Said = ""
			}
			if got != want {
				t.Errorf("%s: saw %+v, want %+v", n.asks, v.seen[i], want)
			}
		})
	}
}

// same demands that two views are, to the byte, and by the same ways.
func (v view) same(t *testing.T, before view) {
	t.Helper()
	for i, n := range neighbours {
		if v.seen[i] != before.seen[i] {
			t.Errorf("%s: saw %+v, but %+v before", n.asks, v.seen[i], before.seen[i])
		}
	}
	if len(v.ways) == 0 || !maps.Equal(v.ways, before.ways) {
		t.Errorf("went by %v, but %v before", v.ways, before.ways)
	}
}
