// Package istio runs Istio's own sidecar injector on the pods of the webhook's golden
// cases (internal/mutate/testdata), as it is configured by Istio's own charts:
//
//	pod, settings → charts → injector → the pod as the webhook's second call sees it
//
// The sections istio.yaml of the cases come from here. They fail here as soon as Istio's
// injector makes something else of a pod; go test -update rewrites them.
package istio

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	corev1 "k8s.io/api/core/v1"

	"istio.io/istio/operator/pkg/manifest"
	"istio.io/istio/operator/pkg/render"
	"istio.io/istio/pilot/pkg/features"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/mesh/meshwatcher"
	"istio.io/istio/pkg/kube/inject"
	"istio.io/istio/pkg/log"
)

// TestMain has the injector look at no node for native sidecars (there is none here): a
// pod asks for one by the annotation sidecar.istio.io/nativeSidecar.
func TestMain(m *testing.M) {
	features.EnableNativeSidecars = features.NativeSidecarModeDisabled
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.FatalLevel)
	}
	os.Exit(m.Run())
}

// newInjector returns the handler of Istio's webhook as the charts configure it under
// settings, in the form of istioctl's --set.
func newInjector(t *testing.T, settings []string) http.Handler {
	t.Helper()
	flags := append([]string{"profile=empty", "components.pilot.enabled=true", "hub=istio", "tag=1.31.0"}, settings...)
	sets, _, err := render.GenerateManifest(nil, flags, false, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	injector := configMap(t, sets, "istio-sidecar-injector")
	config, err := inject.UnmarshalConfig([]byte(injector["config"].(string)))
	if err != nil {
		t.Fatal(err)
	}
	meshConfig, err := mesh.ApplyMeshConfig(configMap(t, sets, "istio")["mesh"].(string), mesh.DefaultMeshConfig())
	if err != nil {
		t.Fatal(err)
	}
	env := model.NewEnvironment()
	env.Watcher = meshwatcher.NewTestWatcher(meshConfig)
	env.ConfigStore = model.NewFakeStore()
	push := model.NewPushContext()
	push.ProxyConfigs = model.GetProxyConfigs(env.ConfigStore, meshConfig)
	env.SetPushContext(push)
	mux := http.NewServeMux()
	_, err = inject.NewWebhook(inject.WebhookParameters{
		Watcher: static{&config, injector["values"].(string)}, Env: env, Mux: mux, Revision: "default",
	})
	if err != nil {
		t.Fatal(err)
	}
	return mux
}

func configMap(t *testing.T, sets []manifest.ManifestSet, name string) map[string]any {
	t.Helper()
	for _, set := range sets {
		for _, m := range set.Manifests {
			if m.GetKind() == "ConfigMap" && m.GetName() == name {
				return m.Object["data"].(map[string]any)
			}
		}
	}
	t.Fatalf("the charts have no ConfigMap %s", name)
	return nil
}

// static is an injection configuration that does not change.
type static struct {
	config *inject.Config
	values string
}

func (s static) SetHandler(func(*inject.Config, string) error) {}
func (s static) Run(<-chan struct{})                           {}
func (s static) Get() (*inject.Config, string, error)          { return s.config, s.values, nil }

// injectInto returns pod as the API server has it after asking injector.
func injectInto(t *testing.T, injector http.Handler, pod []byte, namespace string) []byte {
	t.Helper()
	pod = canonical(t, pod)
	body, err := json.Marshal(map[string]any{
		"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
		"request": map[string]any{"uid": "golden", "operation": "CREATE", "namespace": namespace, "object": json.RawMessage(pod)},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/inject", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	injector.ServeHTTP(w, r)
	var review struct {
		Response struct {
			Allowed bool
			Patch   []byte
			Status  struct{ Message string }
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &review); err != nil || !review.Response.Allowed {
		t.Fatalf("HTTP %d %s: %v", w.Code, w.Body, err)
	}
	if review.Response.Patch == nil {
		return pod
	}
	patch, err := jsonpatch.DecodePatch(review.Response.Patch)
	if err != nil {
		t.Fatal(err)
	}
	out, err := patch.Apply(pod)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// canonical writes pod as the API server does: with "resources": {} and the like, which
// the injector's patch builds on.
func canonical(t *testing.T, pod []byte) []byte {
	t.Helper()
	var p corev1.Pod
	if err := json.Unmarshal(pod, &p); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
