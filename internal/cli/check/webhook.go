package check

import (
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/egress"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// How the parts are known: ours by what deploy/base gives them, Istio's injector by the
// end of its webhooks' names.
const (
	ourWebhook  = "pods.mutate.aws-mesh"
	ourLabel    = "app.kubernetes.io/name=aws-mesh"
	ofService   = "kubernetes.io/service-name" // label of the EndpointSlices of a Service
	injectorEnd = "sidecar-injector.istio.io"
)

// webhooks returns the webhooks of a configuration, by name.
func webhooks(configuration *unstructured.Unstructured) map[string]map[string]any {
	byName := map[string]map[string]any{}
	for _, w := range slice(configuration.Object, "webhooks") {
		byName[text(w, "name")] = w
	}
	return byName
}

// ours returns the configuration with our webhook, and the webhook.
func ours(s *Snapshot) (configuration *unstructured.Unstructured, webhook map[string]any) {
	for _, c := range s.of("MutatingWebhookConfiguration", "") {
		if w := webhooks(c)[ourWebhook]; w != nil {
			return c, w
		}
	}
	return nil, nil
}

// injectors returns the configurations of Istio's injectors.
func injectors(s *Snapshot) []*unstructured.Unstructured {
	var list []*unstructured.Unstructured
	for _, c := range s.of("MutatingWebhookConfiguration", "") {
		for name := range webhooks(c) {
			if strings.HasSuffix(name, injectorEnd) {
				list = append(list, c)
				break
			}
		}
	}
	return list
}

type service struct{ namespace, name string }

// ourService is where the API server finds our webhook; the zero value: nowhere known.
func ourService(s *Snapshot) service {
	_, w := ours(s)
	at, _, _ := unstructured.NestedMap(w, "clientConfig", "service")
	return service{text(at, "namespace"), text(at, "name")}
}

// ready counts the endpoints of our webhook that are ready, and the EndpointSlices that
// they are in: a Service that exists has at least one. It is false if that was not read.
func ready(s *Snapshot) (n, in int, known bool) {
	at := ourService(s)
	if unread, _ := s.lacks("endpointslices"); unread || at.name == "" {
		return 0, 0, false
	}
	for _, u := range s.of("EndpointSlice", at.namespace) {
		if u.GetLabels()[ofService] != at.name {
			continue
		}
		in++
		for _, e := range slice(u.Object, "endpoints") {
			if is, found, _ := unstructured.NestedBool(e, "conditions", "ready"); is || !found {
				n++
			}
		}
	}
	return n, in, true
}

// settings are the flags of our webhook that decide what becomes of pods.
type settings struct {
	mutate.Options
	gateway        egress.Gateway
	istioNamespace string
	waypoints      bool
	known          bool // no webhook is installed, or its flags were read
}

// settingsOf reads the arguments in our Deployment.
func settingsOf(s *Snapshot) settings {
	configuration, _ := ours(s)
	unread, _ := s.lacks("mutatingwebhookconfigurations")
	found := settings{known: configuration == nil && !unread}
	for _, d := range s.of("Deployment", ourService(s).namespace) {
		if d.GetLabels()["app.kubernetes.io/name"] != "aws-mesh" {
			continue
		}
		var all []string
		for _, c := range slice(d.Object, "spec", "template", "spec", "containers") {
			args, _, _ := unstructured.NestedStringSlice(c, "args")
			all = append(all, args...)
		}
		found.parse(all)
	}
	return found
}

// parse reads the arguments of a webhook. What it gets from variables is not known here.
func (o *settings) parse(args []string) {
	f := pflag.NewFlagSet("webhook", pflag.ContinueOnError)
	f.ParseErrorsAllowlist.UnknownFlags = true
	f.StringVar(&o.DefaultRegion, "default-region", o.DefaultRegion, "")
	f.StringVar(&o.ExcludeIPRanges, "exclude-ip-ranges", o.ExcludeIPRanges, "")
	f.TextVar(&o.gateway, "egress-gateway", o.gateway, "")
	f.StringVar(&o.istioNamespace, "istio-namespace", o.istioNamespace, "")
	f.BoolVar(&o.waypoints, "waypoints", o.waypoints, "")
	o.known = f.Parse(args) == nil && !strings.Contains(o.DefaultRegion+o.ExcludeIPRanges+o.istioNamespace, "$(")
	if !o.known {
		*o = settings{}
	}
}

// judging returns o for a pod with that status: what was not read is taken from there. It is
// sure unless that names several regions: which of them is the default is not known then.
func (o settings) judging(status *awsmesh.Status, namespaceRead bool) (as settings, sure bool) {
	if o.known && namespaceRead {
		return o, true
	}
	if status == nil {
		return o, false
	}
	if len(status.Endpoints) > 0 {
		o.DefaultRegion = status.Endpoints[0].Region
	}
	if !o.known {
		o.waypoints = status.Waypoint
	}
	return o, len(status.Endpoints) == 1
}

// slice returns the mappings of a list in an object.
func slice(object map[string]any, path ...string) []map[string]any {
	items, _, _ := unstructured.NestedSlice(object, path...)
	var list []map[string]any
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			list = append(list, m)
		}
	}
	return list
}

func text(object map[string]any, path ...string) string {
	s, _, _ := unstructured.NestedString(object, path...)
	return s
}
