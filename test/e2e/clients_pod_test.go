package e2e

import (
	_ "embed"
	"encoding/json"
	"strings"
	"testing"
	"text/template"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// A clientPod has several clients, each in a container of its own.
type clientPod struct {
	app
	DNSCapture bool
	Role       string // what its web identity token is for
	Features   []feature
	Containers []clientContainer
}

type clientContainer struct {
	client
	Port    int // createClients gives it one
	Env     map[string]string
	Instead way // what comes of its one case, [oneCase], in place of what the table says
}

// Image is what the container is made from.
func (c clientContainer) Image() string { return clientImage(c.Folder) }

// Line is the command in JSON, and so in YAML.
func (c clientContainer) Line() string {
	text, _ := json.Marshal(c.Command)
	return string(text)
}

//go:embed testdata/clients.yaml
var clientsYAML string

// createClients creates a space with pods, and waits until their sidecars have the routes.
func (s space) createClients(t *testing.T, pods ...clientPod) {
	t.Helper()
	for _, p := range pods {
		for i := range p.Containers {
			p.Containers[i].Port = 8080 + i
		}
	}
	parsed, err := template.New("clients").Parse(clientsYAML)
	var manifest strings.Builder
	if err == nil {
		err = parsed.Execute(&manifest, map[string]any{"Audience": aws.AudienceSTS, "Pods": pods})
	}
	if err != nil {
		t.Fatal(err)
	}
	s.Manifest = manifest.String()
	s.create(t)
	if _, err := env.Kubectl(t.Context(), "--namespace", s.Name, "wait", "deployment", "--all", "--for=condition=Available", "--timeout=600s"); err != nil {
		t.Fatal(err)
	}
	for _, p := range pods {
		if mode := p.Annotations[awsmesh.AnnotationMode]; mode != "" && !p.OutOfMesh {
			space{Name: s.Name, Apps: []app{p.app}}.open(t, mode, "dynamodb.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com")
			if p.Annotations[awsmesh.AnnotationServices] == everything {
				space{Name: s.Name, Apps: []app{p.app}}.open(t, mode, "*.s3.eu-west-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com", "iam.amazonaws.com")
			}
		}
	}
}

// oneCase is what all clients have.
const oneCase = "dynamodb/ListTables"

// way is what is to come of a feature in the container, if it has it.
func (c clientContainer) way(policy string, f feature) (w way, runs bool) {
	w, runs = f.Ways[c.Name]
	if c.Instead != "" {
		w, runs = c.Instead, f.Case == oneCase
	}
	if w == ownHTTPS {
		w = map[string]way{"ALLOW_ANY": passes, "REGISTRY_ONLY": fails}[policy]
	}
	return w, runs
}
