package workload

const (
	revision = "istio.io/rev"
	inject   = "sidecar.istio.io/inject" // label of a pod; without it, annotation
)

// InjectorCalled reports whether the labels of a Namespace and of a pod in it are such as
// the webhooks of Istio's injector select. They do not look at annotations. Source:
// mutatingwebhook.yaml of Istio's chart istiod.
func InjectorCalled(namespace, pod map[string]string) bool {
	switch mark, marked := namespace["istio-injection"]; {
	case marked:
		return mark == "enabled"
	case has(namespace, revision), has(pod, revision):
		return true
	}
	return pod[inject] == "true"
}

// InjectionRefused reports whether a pod says by its labels, or else its annotations, that
// Istio's injector is to leave it alone. Source: injectRequired of Istio's package inject.
func InjectionRefused(labels, annotations map[string]string) bool {
	if has(labels, inject) {
		return labels[inject] == "false"
	}
	return annotations[inject] == "false"
}

func has(m map[string]string, key string) bool {
	_, ok := m[key]
	return ok
}
