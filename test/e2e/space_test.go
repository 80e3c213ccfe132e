package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"text/template"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/aws-mesh/aws-mesh/test/node"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// A space is a namespace of its own, with a policy for what may leave it.
type space struct {
	Name       string
	Policy     string // ALLOW_ANY or REGISTRY_ONLY
	DNSCapture bool   // Istio's agent answers the applications' DNS queries
	Manifest   string // what else is in the namespace, YAML; it is there before the apps
	Apps       []app
}

// An app is a Deployment of one pod, by default of the sample application.
type app struct {
	Name        string
	OutOfMesh   bool // it has no sidecar
	Annotations map[string]string
	Labels      map[string]string
	Env         map[string]string
	Region      string   // its AWS_REGION; empty: eu-west-1
	Image       string   // one that listens at 8080; empty: the sample's
	Args        []string // of the image's program
}

//go:embed testdata/space.yaml
var spaceYAML string

// create applies the space and waits until its pods are ready. It goes with the test.
func (s space) create(t *testing.T) {
	t.Helper()
	createAll(t, s)
}

// createAll creates several spaces at once.
func createAll(t *testing.T, spaces ...space) {
	t.Helper()
	all, ctx := errgroup.WithContext(t.Context())
	for _, s := range spaces {
		t.Cleanup(func() { s.remove(t) })
		all.Go(func() error { return s.apply(ctx) })
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
}

func (s space) apply(ctx context.Context) error {
	parsed, err := template.New("space").Parse(spaceYAML)
	if err != nil {
		return err
	}
	var manifest strings.Builder
	if err := parsed.Execute(&manifest, map[string]any{
		"Space": s, "AccessKeyID": aws.AccessKeyID, "SecretAccessKey": aws.SecretAccessKey,
	}); err != nil {
		return err
	}
	if err := gone(ctx, s.Name); err != nil {
		return err
	}
	if _, err := env.KubectlWith(ctx, manifest.String(), "apply", "--namespace", s.Name, "--server-side", "-f", "-"); err != nil || len(s.Apps) == 0 {
		return err
	}
	_, err = env.Kubectl(ctx, "--namespace", s.Name, "wait", "deployment", "--all", "--for=condition=Available", "--timeout=600s")
	return err
}

// remove begins to remove the namespace, and ends its pods at once: what is over need
// not be drained, and others want the processors.
func (s space) remove(t *testing.T) {
	s.keep(t)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	for _, command := range []string{
		"delete namespace " + s.Name + " --ignore-not-found --wait=false",
		"--namespace " + s.Name + " delete pods --all --grace-period=1 --wait=false",
	} {
		if _, err := env.Kubectl(ctx, strings.Fields(command)...); err != nil {
			t.Error(err)
		}
	}
}

// An outcome is what an application was told, see the sample's Outcome.
type outcome struct {
	OK    bool
	Error string
	Kind  string
	Cure  string
}

// call has the app call a service of AWS with an SDK.
func (s space) call(t *testing.T, a app, sdk, service string) outcome {
	t.Helper()
	return s.request(t, a, url.Values{"sdk": {sdk}, "service": {service}})
}

// request has the app make the call that a query describes.
func (s space) request(t *testing.T, a app, query url.Values) outcome {
	t.Helper()
	o, err := answerOf[outcome](t.Context(), env.Pod(s.Name, s.pod(t, a), 8080), "call?"+query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// answerOf returns what a server in a pod answers to a question, a path with a query.
func answerOf[T any](ctx context.Context, pod node.Pod, question string) (answer T, err error) {
	text, err := pod.Do(ctx, "GET", question, nil)
	if err != nil {
		return answer, err
	}
	if err = json.Unmarshal(text, &answer); err != nil {
		err = fmt.Errorf("%w: %s", err, text)
	}
	return answer, err
}

// sees returns what AWS sees of the client with an address while something is done. The
// faults for that client are gone before.
func sees(t *testing.T, address string, do func()) (records []aws.Record) {
	t.Helper()
	client := env.AWS().Of(address)
	if err := client.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	do()
	if err := client.Records(t.Context(), &records); err != nil {
		t.Fatal(err)
	}
	return records
}
