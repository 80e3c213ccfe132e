package check

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aws-mesh/aws-mesh/internal/egress"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// How the parts are known: ours by what deploy/base gives them, Istio's injector by the
// end of its webhooks' names.
const (
	ourWebhook  = "pods.mutate.aws-mesh"
	ourLabel    = "app.kubernetes.io/name=aws-mesh"
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

// ready counts the endpoints of our webhook that are ready. It is false if that was not
// read.
func ready(s *Snapshot) (n int, known bool) {
	at := ourService(s)
	for _, u := range s.of("EndpointSlice", at.namespace) {
		if u.GetLabels()["kubernetes.io/service-name"] != at.name {
			continue
		}
		known = true
		for _, e := range slice(u.Object, "endpoints") {
			if is, found, _ := unstructured.NestedBool(e, "conditions", "ready"); is || !found {
				n++
			}
		}
	}
	return n, known
}

// settings are the flags of our webhook that decide what becomes of pods.
type settings struct {
	mutate.Options
	gateway   egress.Gateway
	waypoints bool
}

// settingsOf reads the arguments in our Deployment.
func settingsOf(s *Snapshot) settings {
	var found settings
	for _, d := range s.of("Deployment", ourService(s).namespace) {
		if d.GetLabels()["app.kubernetes.io/name"] != "aws-mesh" {
			continue
		}
		for _, c := range slice(d.Object, "spec", "template", "spec", "containers") {
			args, _, _ := unstructured.NestedStringSlice(c, "args")
			for _, arg := range args {
				switch name, value, _ := strings.Cut(strings.TrimLeft(arg, "-"), "="); name {
				case "default-region":
					found.DefaultRegion = value
				case "exclude-ip-ranges":
					found.ExcludeIPRanges = value
				case "egress-gateway":
					_ = found.gateway.UnmarshalText([]byte(value)) // the webhook would not have started
				case "waypoints":
					found.waypoints = value != "false"
				}
			}
		}
	}
	return found
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
