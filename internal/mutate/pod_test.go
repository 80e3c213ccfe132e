package mutate

import (
	"cmp"
	"encoding/json"
	"os"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/mutate/golden"
)

// TestDecode demands that the slim decode of every pod in testdata sees what the
// Kubernetes types see.
func TestDecode(t *testing.T) {
	for name, raw := range pods(t) {
		var slim pod
		if err := decode(raw, &slim); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var typed corev1.Pod
		if err := json.Unmarshal(raw, &typed); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := gocmp.Diff(viewTyped(&typed), viewSlim(&slim)); diff != "" {
			t.Errorf("%s: -corev1 +slim\n%s", name, diff)
		}
	}
}

// A view is what both decodes are to agree on.
type view struct {
	Name, GenerateName, Egress, Dataplane string
	Annotations                           map[string]string
	HostNetwork                           bool
	Security                              securityContext
	Audiences                             []string
	Containers                            []containerView
}

type containerView struct {
	Name, RestartPolicy string
	Args                []string
	EnvLen, EnvFrom     int
	Env                 []variableView
	Security            securityContext
}

type variableView struct {
	Index       int
	Name, Value string
	Dynamic     bool
}

func viewSlim(p *pod) view {
	v := view{
		Name: p.Metadata.Name, GenerateName: p.Metadata.GenerateName, Annotations: p.Metadata.Annotations,
		HostNetwork: p.Spec.HostNetwork, Security: p.Spec.SecurityContext,
	}
	if l := p.Metadata.Labels; l != nil {
		v.Dataplane = l.Dataplane
		if l.Egress != nil {
			v.Egress = *l.Egress
		}
	}
	for _, volume := range p.Spec.Volumes {
		if volume.Projected == nil {
			continue
		}
		for _, s := range volume.Projected.Sources {
			if a := s.ServiceAccountToken.Audience; a != "" {
				v.Audiences = append(v.Audiences, a)
			}
		}
	}
	for _, s := range sites(p, nil) {
		c := containerView{
			Name: s.Name, RestartPolicy: s.RestartPolicy, Args: s.args(),
			EnvLen: s.Env.Len, EnvFrom: len(s.EnvFrom), Security: s.SecurityContext,
		}
		for _, e := range s.Env.Vars {
			c.Env = append(c.Env, variableView{e.Index, e.Name, e.Value, e.dynamic()})
		}
		v.Containers = append(v.Containers, c)
	}
	return v
}

func viewTyped(p *corev1.Pod) view {
	v := view{
		Name: p.Name, GenerateName: p.GenerateName, Annotations: p.Annotations, HostNetwork: p.Spec.HostNetwork,
		Egress: p.Labels[awsmesh.LabelEgress], Dataplane: p.Labels["istio.io/dataplane-mode"],
	}
	if s := p.Spec.SecurityContext; s != nil {
		v.Security = securityContext{s.RunAsUser, s.RunAsGroup}
	}
	for _, volume := range p.Spec.Volumes {
		if volume.Projected == nil {
			continue
		}
		for _, s := range volume.Projected.Sources {
			if s.ServiceAccountToken != nil && s.ServiceAccountToken.Audience != "" {
				v.Audiences = append(v.Audiences, s.ServiceAccountToken.Audience)
			}
		}
	}
	for _, c := range append(p.Spec.InitContainers, p.Spec.Containers...) {
		v.Containers = append(v.Containers, viewContainer(c))
	}
	return v
}

func viewContainer(c corev1.Container) containerView {
	v := containerView{Name: c.Name, Args: c.Args, EnvLen: len(c.Env), EnvFrom: len(c.EnvFrom)}
	if c.RestartPolicy != nil {
		v.RestartPolicy = string(*c.RestartPolicy)
	}
	if s := c.SecurityContext; s != nil {
		v.Security = securityContext{s.RunAsUser, s.RunAsGroup}
	}
	for i, e := range c.Env {
		if strings.HasPrefix(e.Name, "AWS_") || strings.HasPrefix(e.Name, "ISTIO_META_") {
			v.Env = append(v.Env, variableView{i, e.Name, e.Value, e.ValueFrom != nil || strings.Contains(e.Value, "$(")})
		}
	}
	return v
}

// pods returns the pods of testdata, as JSON by file and section.
func pods(t *testing.T) map[string][]byte {
	t.Helper()
	cases, err := golden.Cases("testdata")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]byte{"escapes": []byte(`{"spec":{"containers":[{"env":[{"name":"\u0041WS_REGION","value":"\u0065u"},{"name":"A","value":"AWS_"}]}]}}`)}
	for _, c := range cases {
		for _, name := range []string{"pod.yaml", "mutated.yaml", "istio.yaml"} {
			if text := c.Section(name); text != "" {
				if found[c.Name+" "+name], err = yaml.YAMLToJSON([]byte(text)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, file := range []string{"review-optin.json", "review-optin700.json"} {
		b, err := os.ReadFile("testdata/" + file)
		var review struct {
			Request struct{ Object json.RawMessage }
		}
		if err := cmp.Or(err, json.Unmarshal(b, &review)); err != nil {
			t.Fatal(err)
		}
		found[file] = review.Request.Object
	}
	return found
}
