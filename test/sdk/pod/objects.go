package pod

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"sigs.k8s.io/yaml"
)

// An object is what of an Istio object tells when the sidecar has it.
type object struct {
	Kind     string
	Metadata struct{ Name, Namespace string }
	Spec     struct{ Hosts []string }
}

// Put gives istiod the objects in text, YAML as "aws-mesh egress" prints it, under name:
// they replace those that were there under that name. It does not wait: the sidecar
// learns of them some 50 ms later. A namespace other than [Namespace] is not the pod's.
func (w *World) Put(name, text string) error {
	path := w.Outside.path(objectsDir + "/" + name)
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path+".yaml") // istiod never reads half a file
}

// Apply is Put, and waits until the sidecar has every object that is new to it. It waits
// in vain for an object without effect, such as a DestinationRule for an unknown host.
func (w *World) Apply(ctx context.Context, name, text string) error {
	traces, err := traces(text)
	if err != nil {
		return err
	}
	if err := w.Put(name, text); err != nil {
		return err
	}
	return w.await(ctx, traces, true)
}

// Delete takes the objects under name back, and waits until the sidecar has none of them.
func (w *World) Delete(ctx context.Context, name string) error {
	path := w.Outside.path(objectsDir + "/" + name + ".yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	traces, err := traces(string(text))
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return w.await(ctx, traces, false)
}

// traces returns what each object in text leaves in Envoy's configuration.
func traces(text string) ([]string, error) {
	var found []string
	for doc := range strings.SplitSeq(text, "\n---") {
		var o object
		if err := yaml.Unmarshal([]byte(doc), &o); err != nil {
			return nil, fmt.Errorf("not an Istio object: %w\n%s", err, doc)
		}
		switch o.Kind {
		case "":
		case "ServiceEntry":
			for _, host := range o.Spec.Hosts {
				found = append(found, "||"+host+`"`)
			}
		case "VirtualService", "DestinationRule":
			kind := map[string]string{"VirtualService": "virtual-service", "DestinationRule": "destination-rule"}[o.Kind]
			found = append(found, fmt.Sprintf(`/namespaces/%s/%s/%s"`, o.Metadata.Namespace, kind, o.Metadata.Name))
		default:
			return nil, fmt.Errorf("no way to see a %s in Envoy: use Put", o.Kind)
		}
	}
	return found, nil
}

// await waits until Envoy's configuration has all traces, or none of them.
func (w *World) await(ctx context.Context, traces []string, present bool) error {
	return until(ctx, func() error {
		config, err := w.configDump()
		if err != nil {
			return err
		}
		for _, trace := range traces {
			if strings.Contains(config, trace) != present {
				return fmt.Errorf("%s in Envoy's configuration is %v, want %v", trace, !present, present)
			}
		}
		return nil
	})
}

// configDump returns Envoy's configuration, as its administration interface tells it.
func (w *World) configDump() (string, error) {
	res, err := w.Pod.client().Get(fmt.Sprintf("http://127.0.0.1:%d/config_dump", adminPort))
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return string(text), err
}

// AccessLog returns what Envoy has written of requests; a line may come some seconds late.
func (w *World) AccessLog() (string, error) {
	text, err := os.ReadFile(w.Pod.path(accessLog))
	return string(text), err
}
