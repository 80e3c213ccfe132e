package main

import (
	"context"
	"net/http"

	"github.com/hashicorp/go-hclog"
	agentinject "github.com/hashicorp/vault-k8s/agent-inject"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

const region = "us-east-1"

// handlers are the contenders of this module, as they are served. Each is asked for what
// it is made for, with its defaults; none logs.
func handlers() map[string]func() (http.Handler, error) {
	return map[string]func() (http.Handler, error){
		"aws-mesh":           newOurs,
		"controller-runtime": newDefaulter,
		"vault-k8s":          newVault,
		"istio":              newIstio,
	}
}

// newOurs puts the pod in mesh mode: a variable in each of its three containers, two
// annotations.
func newOurs() (http.Handler, error) {
	h := &mutate.Handler{Options: mutate.Options{DefaultRegion: region}}
	return h.Mutate(), nil
}

// newDefaulter makes the same change in the way of controller-runtime's book: decode
// into a typed pod, change it, and let the difference be found.
func newDefaulter() (http.Handler, error) {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	return admission.WithDefaulter(scheme, defaulter{}), nil
}

type defaulter struct{}

func (defaulter) Default(_ context.Context, pod *corev1.Pod) error {
	if !awsmesh.Requested(pod.Annotations) {
		return nil
	}
	request, err := awsmesh.ParseRequest(pod.Annotations)
	if err != nil {
		return err
	}
	params := endpoints.Params{Region: region}
	if _, err := awsmesh.PlanFor(request, params); err != nil {
		return err
	}
	status := awsmesh.Status{
		Reason: "no sidecar", Mode: request.Mode,
		Services: request.Services, Endpoints: []endpoints.Params{params},
	}
	pod.Annotations[awsmesh.AnnotationStatus] = status.String()
	pod.Annotations["traffic.sidecar.istio.io/excludeOutboundIPRanges"] = "169.254.169.254/32,169.254.170.2/32,169.254.170.23/32,fd00:ec2::254/128,fd00:ec2::23/128"
	setEnv(pod.Spec.InitContainers)
	setEnv(pod.Spec.Containers)
	return nil
}

func setEnv(containers []corev1.Container) {
	for i := range containers {
		var vars []corev1.EnvVar
		for _, v := range (awsmesh.Env{}).Vars() {
			vars = append(vars, corev1.EnvVar{Name: v.Name, Value: v.Value})
		}
		containers[i].Env = append(vars, containers[i].Env...)
	}
}

// newVault adds the agent: an init container, a sidecar, volumes and mounts. The
// settings are those of its chart.
func newVault() (http.Handler, error) {
	h := &agentinject.Handler{
		VaultAddress:             "https://vault.vault.svc:8200",
		VaultAuthType:            "kubernetes",
		VaultAuthPath:            "auth/kubernetes",
		ImageVault:               "hashicorp/vault:1.19.0",
		UserID:                   "100",
		GroupID:                  "1000",
		SetSecurityContext:       true,
		DefaultTemplate:          "map",
		ResourceRequestCPU:       "250m",
		ResourceRequestMem:       "64Mi",
		ResourceLimitCPU:         "500m",
		ResourceLimitMem:         "128Mi",
		ExitOnRetryFailure:       true,
		RequireAnnotation:        true,
		AuthMinBackoff:           "1s",
		AuthMaxBackoff:           "5m",
		Log:                      hclog.NewNullLogger(),
		ResourceLimitEphemeral:   "",
		ResourceRequestEphemeral: "",
	}
	return http.HandlerFunc(h.Handle), nil
}
