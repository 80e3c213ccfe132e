package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// hosts is a list as the webhook writes it, for pods that say themselves to be in the mesh.
const hosts = "dynamodb.eu-west-1.amazonaws.com,s3.eu-west-1.amazonaws.com,*.s3.eu-west-1.amazonaws.com"

// asks are the annotations of a pod that asks for both services.
func asks(mode string) map[string]string {
	return map[string]string{
		awsmesh.AnnotationServices: "dynamodb,s3", awsmesh.AnnotationRegion: "eu-west-1", awsmesh.AnnotationMode: mode,
	}
}

func says(inMesh string) map[string]string {
	return map[string]string{awsmesh.EnvInMesh: inMesh, awsmesh.EnvHosts: hosts}
}

// matrix is what comes of a call in a namespace of the mode: the four scenarios first,
// where a pod in the mesh is told so by the webhook, and the others say it themselves.
var matrix = []struct {
	mode         string
	app          app
	allowAny     expectation
	registryOnly expectation
}{
	{"plaintext", app{Name: "in-mesh-true", Annotations: asks("plaintext")}, viaSidecar, viaSidecar},
	{"plaintext", app{Name: "in-mesh-false", Annotations: asks("plaintext"), Env: says("false")}, ownTLS, blocked},
	{"plaintext", app{Name: "out-of-mesh-true", OutOfMesh: true, Env: says("true")}, notIntercepted, notIntercepted},
	{"plaintext", app{Name: "out-of-mesh-false", OutOfMesh: true, Annotations: asks("plaintext")}, ownTLS, ownTLS},
	{"plaintext", app{Name: "not-annotated", Env: says("false")}, ownTLS, blocked},
	{"plaintext", app{Name: "not-annotated-true", Env: says("true")}, unknown, unknown},
	{"passthrough", app{Name: "in-mesh", Annotations: asks("passthrough")}, ownTLS, ownTLS},
	{"passthrough", app{Name: "in-mesh-true", Annotations: asks("passthrough"), Env: map[string]string{
		awsmesh.EnvInMesh: "true", awsmesh.EnvHosts: hosts, awsmesh.EnvPodUID: "of-the-pod",
	}}, noRoute, noRoute},
	{"passthrough", app{Name: "not-annotated"}, ownTLS, ownTLS}, // the same
}

// TestCalls has every app of the matrix call AWS in each kind of mesh.
func TestCalls(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"plaintext", "passthrough"} {
		for _, policy := range []string{"ALLOW_ANY", "REGISTRY_ONLY"} {
			for _, capture := range []bool{false, true} {
				name := fmt.Sprintf("%s %s DNS capture %t", mode, policy, capture)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					calls(t, mode, space{Name: dnsName(name), Policy: policy, DNSCapture: capture})
				})
			}
		}
	}
}

// dnsName makes a name of Kubernetes of words.
func dnsName(words string) string {
	return strings.ToLower(strings.NewReplacer(" ", "-", "_", "-").Replace(words))
}

func calls(t *testing.T, mode string, s space) {
	for _, row := range matrix {
		if row.mode == mode {
			s.Apps = append(s.Apps, row.app)
		}
	}
	s.create(t)
	for _, row := range matrix {
		if row.mode != mode {
			continue
		}
		want := row.allowAny
		if s.Policy == "REGISTRY_ONLY" {
			want = row.registryOnly
		}
		for _, sdk := range []string{"v1", "v2"} {
			for _, service := range []string{"dynamodb", "s3"} {
				cell(t, []string{row.app.Name, sdk + " " + service}, func(t *testing.T) { s.expect(t, row.app, sdk, service, want) })
			}
		}
	}
}
