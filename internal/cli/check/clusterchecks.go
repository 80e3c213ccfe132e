package check

import (
	"slices"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/cli/manifest"
	cliworkload "github.com/aws-mesh/aws-mesh/internal/cli/workload"
)

// clusterChecks are about what all workloads share.
var clusterChecks = []struct {
	name string
	find func(*facts) []Finding
}{
	{"istio", istioServed},
	{"webhook", webhookInstalled},
	{"webhook", webhookReady},
	{"webhook", webhookFirst},
	{"egress", objects},
	{"mesh-config", meshDefaults},
	{"sidecar-scope", sidecarScope},
	{"annotations", misplaced},
}

const install = "install it as deploy/README.md says"

func istioServed(f *facts) []Finding {
	if _, absent := f.lacks("serviceentries"); !absent {
		return nil
	}
	return at("Istio", fail("install Istio 1.22 or later", "the cluster does not serve networking.istio.io/v1, in which aws-mesh writes its objects"))
}

func webhookInstalled(f *facts) []Finding {
	configuration, webhook := ours(f.Snapshot)
	unread, _ := f.lacks("mutatingwebhookconfigurations")
	switch {
	case unread:
		return nil
	case configuration == nil:
		return at("MutatingWebhookConfiguration aws-mesh", fail(install, "aws-mesh is not installed: no configuration has the webhook %s", ourWebhook))
	case text(webhook, "clientConfig", "caBundle") == "":
		return at("MutatingWebhookConfiguration "+configuration.GetName(), fail("look at the log of aws-mesh's webhook: it writes the caBundle as soon as it runs", "it has no caBundle: pods with %s are refused", awsmesh.AnnotationServices))
	}
	return nil
}

func webhookReady(f *facts) []Finding {
	service := ourService(f.Snapshot)
	n, in, known := ready(f.Snapshot)
	problem, cure := "no pod of aws-mesh's webhook is ready", "kubectl --namespace "+service.namespace+" get pods,events"
	switch {
	case n > 0 || !known:
		return nil
	case in == 0:
		problem, cure = "it has no EndpointSlice, as if it was deleted, or its namespace", install
	}
	return at("Service "+service.namespace+"/"+service.name,
		fail(cure, "%s: new pods with %s are refused, and egress stays as it is", problem, awsmesh.AnnotationServices))
}

// misplaced tells of annotations that are not on the pods: their workload does not ask, as
// it stands.
func misplaced(f *facts) []Finding {
	var findings []Finding
	for _, kind := range append(workloadKinds(), "Pod") {
		for _, u := range f.of(kind, f.namespace) {
			if len(f.names) > 0 && !slices.Contains(f.names, Name{kind, u.GetName()}) {
				continue
			}
			for _, m := range cliworkload.Misplaced(manifest.Object{APIVersion: u.GetAPIVersion(), Kind: kind, Value: u.Object}) {
				findings = append(findings, at(kind+" "+u.GetNamespace()+"/"+u.GetName(), warn(m.Cure, "%s", m.Problem))...)
			}
		}
	}
	return findings
}

// webhookFirst looks at the order of the configurations: the API server goes by name.
func webhookFirst(f *facts) []Finding {
	configuration, _ := ours(f.Snapshot)
	for _, injector := range injectors(f.Snapshot) {
		if configuration != nil && injector.GetName() < configuration.GetName() {
			return at("MutatingWebhookConfiguration "+configuration.GetName(), fail("give it a name that sorts before "+injector.GetName(),
				"Istio's injector (%s) runs first: the credential endpoints (169.254.…) are not excluded from the sidecar", injector.GetName()))
		}
	}
	return nil
}
