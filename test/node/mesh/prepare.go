//go:build linux

package mesh

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/aws-mesh/aws-mesh/test/node"
	"github.com/aws-mesh/aws-mesh/test/node/image"
)

// prepare begins what can be done before there is a cluster. What it returns ends that.
func (m *Mesh) prepare(ctx context.Context) (end func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	stage := filepath.Join(m.Dir, "stage")
	m.webhook = begin(func() (image.Image, error) { return m.fromManifests(ctx, stage) })
	m.istio = begin(func() (string, error) { return m.render(ctx) })
	m.ca, err = m.authority()
	return func() {
		cancel()
		_, _ = m.webhook()
		_, _ = m.istio()
		_ = os.RemoveAll(stage)
	}, err
}

// begin begins something, and returns a function that waits for what comes of it.
func begin[T any](do func() (T, error)) func() (T, error) {
	var result T
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		result, err = do()
	}()
	return func() (T, error) {
		<-done
		return result, err
	}
}

// authority makes the one of AWS's certificates, and returns whom AWS's clients have to
// trust. AWS gets it in its image, and keeps it so when it is restarted.
func (m *Mesh) authority() (ca []byte, err error) {
	if err := os.MkdirAll(m.aws(""), 0o755); err != nil {
		return nil, err
	}
	if _, err := node.NewAuthority(m.aws("")); err != nil {
		return nil, err
	}
	return os.ReadFile(m.aws("ca.crt"))
}

func (m *Mesh) aws(name string) string { return filepath.Join(m.Dir, "aws", name) }

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
	var said bytes.Buffer
	cmd.Stderr = &said
	objects, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("render Istio's charts: %w\n%s", err, &said)
	}
	return string(objects), err
}
