//go:build linux

package mesh

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws-mesh/aws-mesh/test/node"
	"github.com/aws-mesh/aws-mesh/test/node/image"
)

// Outside, in a range for documentation: where all names of AWS lead, another company, and
// a server of it that speaks first on port 443.
const (
	awsAddress      = "198.51.100.10"
	companyAddress  = "198.51.100.20"
	greetingAddress = "198.51.100.25"
)

//go:embed manifests
var manifests embed.FS

// A Mesh is a running one. Down ends it, see [node.Node].
type Mesh struct {
	*node.Node
	ca      []byte                      // of AWS's certificates, PEM
	webhook func() (image.Image, error) // ours
	istio   func() (string, error)      // its objects
}

// Up starts a node and a mesh on it, and waits until both injectors are at work. After an
// error nothing is left.
func Up(ctx context.Context, c node.Config) (*Mesh, error) {
	if err := errors.Join(node.Missing(c.Bin), missing(c.Bin)); err != nil {
		return nil, err
	}
	m := Attach(c) // not up yet
	end, err := m.prepare(ctx)
	defer end()
	if err != nil {
		return nil, err
	}
	c.Addresses = []string{awsAddress, companyAddress, greetingAddress, "169.254.169.254", "169.254.170.2", "169.254.170.23"}
	if c.Images, err = m.images(); err != nil {
		return nil, err
	}
	n, err := node.Up(ctx, c)
	if err != nil {
		return nil, err
	}
	m = &Mesh{n, m.ca, m.webhook, m.istio}
	for _, s := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"objects of CoreDNS, AWS's stand-in, Istio; aws-mesh's, from deploy/install.yaml", m.apply},
		{"their pods, and both injectors at work", m.ready},
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
		{"node/coredns", "make node"}, {"node/render", "make node"}, {"node/sample", "make node"}, {"node/probe", "make node"}, {"node/aws-stand-in", "make node"},
		{"node/root/proxy", "make node"}, {"node/root/aws", "make node"},
	} {
		if _, err := os.Stat(filepath.Join(bin, p.name)); err != nil {
			lacks = append(lacks, fmt.Errorf("%s is not in %s: run %s", p.name, bin, p.target))
		}
	}
	return errors.Join(lacks...)
}
