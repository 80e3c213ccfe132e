package main

import (
	"errors"
	"net/http"

	"istio.io/istio/operator/pkg/render"
	"istio.io/istio/pilot/pkg/features"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/mesh/meshwatcher"
	"istio.io/istio/pkg/kube/inject"
	"istio.io/istio/pkg/kube/multicluster"
	"istio.io/istio/pkg/log"
)

// newIstio adds the sidecar, as a native one, which is the default since Kubernetes
// 1.33: the template and values are those of Istio's own chart.
func newIstio() (http.Handler, error) {
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	features.EnableNativeSidecars = features.NativeSidecarModeEnabled
	settings, err := renderInjection()
	if err != nil {
		return nil, err
	}
	env := &model.Environment{
		Watcher:     meshwatcher.NewTestWatcher(mesh.DefaultMeshConfig()),
		ConfigStore: model.NewFakeStore(),
	}
	env.SetPushContext(&model.PushContext{ProxyConfigs: &model.ProxyConfigs{}})
	mux := http.NewServeMux()
	_, err = inject.NewWebhook(inject.WebhookParameters{
		Watcher:      settings,
		Env:          env,
		Mux:          mux,
		MultiCluster: multicluster.NewFakeController(),
	})
	return mux, err
}

// injection is Istio's configuration of its injector: an inject.Watcher of something
// that does not change.
type injection struct {
	config *inject.Config
	values string
}

func (injection) SetHandler(func(*inject.Config, string) error) {}
func (injection) Run(<-chan struct{})                           {}

func (i injection) Get() (*inject.Config, string, error) { return i.config, i.values, nil }

// renderInjection renders the chart that comes with the module.
func renderInjection() (injection, error) {
	sets, _, err := render.GenerateManifest(nil, []string{"profile=empty", "components.pilot.enabled=true"}, false, nil, nil)
	if err != nil {
		return injection{}, err
	}
	for _, set := range sets {
		for _, m := range set.Manifests {
			if m.GetKind() != "ConfigMap" || m.GetName() != "istio-sidecar-injector" {
				continue
			}
			data, _ := m.Object["data"].(map[string]any)
			config, _ := data["config"].(string)
			values, _ := data["values"].(string)
			c, err := inject.UnmarshalConfig([]byte(config))
			return injection{config: &c, values: values}, err
		}
	}
	return injection{}, errors.New("no ConfigMap istio-sidecar-injector in Istio's chart")
}
