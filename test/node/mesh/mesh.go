//go:build linux

package mesh

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/aws-mesh/aws-mesh/test/node"
	"github.com/aws-mesh/aws-mesh/test/node/image"
)

// awsAddress is where all names of AWS lead, in a range for documentation.
const awsAddress = "198.51.100.10"

//go:embed manifests
var manifests embed.FS

// A Mesh is a running one. Down ends it, see [node.Node].
type Mesh struct {
	*node.Node
	ca      []byte                      // of AWS's certificates, PEM
	webhook func() (image.Image, error) // our image
}

// Up starts a node and a mesh on it, and waits until both injectors are at work. After an
// error nothing is left.
func Up(ctx context.Context, c node.Config) (*Mesh, error) {
	if err := errors.Join(node.Missing(c.Bin), missing(c.Bin)); err != nil {
		return nil, err
	}
	c.Addresses = []string{awsAddress, "169.254.169.254", "169.254.170.2", "169.254.170.23"}
	n, err := node.Up(ctx, c)
	if err != nil {
		return nil, err
	}
	m := &Mesh{Node: n}
	stop := m.build(ctx)
	defer stop()
	for _, s := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"images, CoreDNS, AWS's stand-in", m.outside},
		{"istiod with its injector", m.istio},
		{"aws-mesh, from deploy/install.yaml", m.awsMesh},
	} {
		if err := n.Config.Step(s.what, func() error { return s.do(ctx) }); err != nil {
			return nil, errors.Join(err, n.Down())
		}
	}
	return m, nil
}

// Attach returns a mesh that another process has up, see [node.Attach].
func Attach(c node.Config) *Mesh { return &Mesh{Node: node.Attach(c)} }

// missing reports what a mesh needs besides a node.
func missing(bin string) error {
	var lacks []error
	for _, p := range []struct{ name, target string }{
		{"pilot-discovery", "make istio"}, {"pilot-agent", "make istio"}, {"envoy", "make istio"},
		{"envoy_bootstrap.json", "make istio"}, {"versitygw", "make stores"}, {"dynalite", "make stores"},
		{"node/coredns", "make node"}, {"node/render", "make node"}, {"node/sample", "make node"}, {"node/aws-stand-in", "make node"},
		{"node/root/proxy", "make node"}, {"node/root/aws", "make node"},
	} {
		if _, err := os.Stat(filepath.Join(bin, p.name)); err != nil {
			lacks = append(lacks, fmt.Errorf("%s is not in %s: run %s", p.name, bin, p.target))
		}
	}
	return errors.Join(lacks...)
}

// manifest returns one of ours, with the values of what it names as ${NAME}.
func (m *Mesh) manifest(name string) (string, error) {
	text, err := manifests.ReadFile("manifests/" + name)
	values := map[string]string{
		"AWS_ADDRESS": awsAddress, "DNS_ADDRESS": node.DNS, "NODE_ADDRESS": node.Address,
		"ACCESS_KEY_ID": accessKeyID, "SECRET_ACCESS_KEY": secretAccessKey,
	}
	return os.Expand(string(text), func(name string) string { return values[name] }), err
}

func (m *Mesh) apply(ctx context.Context, name string) error {
	text, err := m.manifest(name)
	if err != nil {
		return err
	}
	return m.Apply(ctx, text)
}

// outside starts what the mesh finds there, and learns whom AWS's clients have to trust.
func (m *Mesh) outside(ctx context.Context) error {
	aws, err := m.awsStandIn()
	if err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error { return m.Import(ctx, m.pilot()) })
	all.Go(func() error {
		return errors.Join(
			m.Import(ctx, m.coreDNS()),
			m.apply(ctx, "coredns.yaml"),
			m.rollout(ctx, "kube-system", "coredns"),
		)
	})
	all.Go(func() error {
		if err := errors.Join(m.Import(ctx, aws), m.apply(ctx, "aws.yaml")); err != nil {
			return err
		}
		return m.Until(ctx, "AWS's stand-in", func(ctx context.Context) (err error) {
			m.ca, err = m.AWS().get(ctx, "ca.pem")
			return err
		})
	})
	return all.Wait()
}

func (m *Mesh) istio(ctx context.Context) error {
	objects, err := m.render(ctx)
	if err != nil {
		return err
	}
	proxy, err := m.proxy(m.ca)
	if err != nil {
		return err
	}
	all, each := errgroup.WithContext(ctx)
	all.Go(func() error { return m.Import(each, proxy, m.sample(m.ca)) })
	all.Go(func() error {
		if _, err := m.Kubectl(each, "create", "namespace", "istio-system"); err != nil {
			return err
		}
		// The first time round the kinds that the rest is of are not known yet.
		if err := m.Until(each, "Istio's custom resources", func(ctx context.Context) error { return m.Apply(ctx, objects) }); err != nil {
			return err
		}
		return m.rollout(each, "istio-system", "istiod")
	})
	if err := all.Wait(); err != nil {
		return err
	}
	return m.Until(ctx, "Istio's injector", m.injects("istio-proxy", "labels: {sidecar.istio.io/inject: \"true\"}"))
}

// render returns the objects of Istio's own charts.
func (m *Mesh) render(ctx context.Context) (string, error) {
	values, err := m.manifest("istio.yaml")
	if err != nil {
		return "", err
	}
	path := filepath.Join(m.Dir, "istio.yaml")
	if err := os.WriteFile(path, []byte(values), 0o644); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, m.bin("node/render"), path)
	var said strings.Builder
	cmd.Stderr = &said
	objects, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("render Istio's charts: %w\n%s", err, said.String())
	}
	return string(objects), err
}

// awsMesh applies our manifests as they are.
func (m *Mesh) awsMesh(ctx context.Context) error {
	install, err := os.ReadFile(m.install())
	if err != nil {
		return err
	}
	webhook, err := m.webhook()
	if err != nil {
		return err
	}
	if err := m.Import(ctx, webhook); err != nil {
		return err
	}
	if err := m.Apply(ctx, string(install)); err != nil {
		return err
	}
	if err := m.rollout(ctx, "aws-mesh-system", "aws-mesh-webhook"); err != nil {
		return err
	}
	return m.Until(ctx, "our webhook", m.injects("AWS_MESH_IN_MESH", `annotations: {aws-mesh/services: dynamodb, aws-mesh/region: eu-west-1}`))
}

// injects returns a function that asks whether a pod with that metadata would now be
// admitted with what is wanted in it. A rollout is over before all know where the
// webhooks are.
func (m *Mesh) injects(want, metadata string) func(context.Context) error {
	pod := "apiVersion: v1\nkind: Pod\nmetadata:\n  name: probe\n  " + metadata + "\nspec: {containers: [{name: app, image: app}]}\n"
	return func(ctx context.Context) error {
		got, err := m.KubectlWith(ctx, pod, "create", "--dry-run=server", "-o", "yaml", "-f", "-")
		if err == nil && !strings.Contains(got, want) {
			err = fmt.Errorf("a pod with %s is admitted without %s", metadata, want)
		}
		return err
	}
}

func (m *Mesh) rollout(ctx context.Context, namespace, deployment string) error {
	_, err := m.Kubectl(ctx, "--namespace", namespace, "rollout", "status", "deployment", deployment, "--timeout=120s")
	return err
}
