package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/aws-mesh/aws-mesh/test/cluster"
)

// The setups.
const (
	none      = "no webhook"
	noneAgain = "no webhook, again" // how much two like things differ here
	allowAll  = "allow everything"
	annotate  = "add an annotation" // the least that a webhook that patches can cost
	ourOwn    = "aws-mesh"
)

const manifests = "../deploy/base/webhooks.yaml"

// A setup is what the API server asks before it creates a pod.
type setup struct {
	name          string
	configuration *admissionv1.MutatingWebhookConfiguration // nil: nobody
}

// settle is how long a changed configuration is given to reach the API server's own
// cache. Whether it has is seen from the pods.
const settle = 300 * time.Millisecond

// install makes s the only thing that is asked.
func (s *setup) install(ctx context.Context, c client.Client) error {
	if s.configuration == nil {
		return nil
	}
	if err := c.Create(ctx, s.configuration.DeepCopy()); err != nil {
		return err
	}
	time.Sleep(settle)
	return nil
}

func (s *setup) remove(ctx context.Context, c client.Client) error {
	if s.configuration == nil {
		return nil
	}
	if err := c.Delete(ctx, s.configuration.DeepCopy()); err != nil {
		return err
	}
	time.Sleep(settle)
	return nil
}

// startOurs starts the webhook as it is installed, but for its address and certificate.
// The controller is off: what it does, it does after admission.
func startOurs(ctx context.Context, env *cluster.Cluster, binary string) (*process, error) {
	at, err := serving()
	if err != nil {
		return nil, err
	}
	return start(ctx, at, binary,
		"--kubeconfig="+filepath.Join(env.Dir, "kubeconfig"),
		"--port="+fmt.Sprint(at.LocalServingPort),
		"--cert-dir="+at.LocalServingCertDir,
		"--validating-configuration=",
		"--default-region=us-east-1",
		"--egress=false",
		"--shutdown-delay=0s",
		"--health-addr=0",
		"--metrics-addr=0",
		"--log-level=warn",
	)
}

// startOther starts the webhooks that ours is compared with.
func startOther(ctx context.Context) (*process, error) {
	at, err := serving()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return start(ctx, at, self, "-serve="+address(at), "-certs="+at.LocalServingCertDir)
}

// serving returns a free port of this machine and a certificate to serve there, with the
// webhook configurations that we install.
func serving() (*envtest.WebhookInstallOptions, error) {
	at := &envtest.WebhookInstallOptions{Paths: []string{manifests}}
	if err := at.PrepWithoutInstalling(); err != nil {
		return nil, err
	}
	if n := len(at.MutatingWebhooks); n != 1 {
		return nil, fmt.Errorf("%s has %d MutatingWebhookConfigurations, want 1", manifests, n)
	}
	return at, nil
}

// setup returns the setup in which p is asked at path, under the conditions under which
// ours is asked.
func (p *process) setup(name, path string) *setup {
	c := p.at.MutatingWebhooks[0].DeepCopy()
	c.ObjectMeta = metav1.ObjectMeta{Name: c.Name}
	url := "https://" + address(p.at) + path
	for i := range c.Webhooks {
		c.Webhooks[i].ClientConfig = admissionv1.WebhookClientConfig{URL: &url, CABundle: p.at.LocalServingCAData}
	}
	return &setup{name: name, configuration: c}
}
