//go:build linux

package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/aws-mesh/aws-mesh/test/node/image"
)

const (
	socket     = "/run/containerd/containerd.sock"
	pauseImage = "localhost/pause:node"
)

// pause is the image of which each pod has one container: it holds the namespaces.
func (n *Node) pause() image.Image {
	return image.Image{
		Name: pauseImage, User: "65535:65535", Entrypoint: []string{"/pause"},
		Files: []image.File{{Path: "pause", Source: n.own("pause"), Mode: 0o755}},
	}
}

// Import gives the node images. Pods name them as they are named here, with the pull
// policy IfNotPresent.
func (n *Node) Import(ctx context.Context, images ...image.Image) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, i := range images {
		all.Go(func() error { return n.importOne(ctx, i) })
	}
	return all.Wait()
}

// importOne writes the archive right into containerd: it is never a file.
func (n *Node) importOne(ctx context.Context, i image.Image) error {
	cmd := n.Command(ctx, "ctr", "--address", socket, "--namespace", "k8s.io", "images", "import", "--local", "--discard-unpacked-layers", "-")
	r, w := io.Pipe()
	written := make(chan error, 1)
	go func() {
		_, err := i.WriteTo(w)
		written <- err
		_ = w.CloseWithError(err)
	}()
	cmd.Stdin = r
	out, err := cmd.CombinedOutput()
	_ = r.Close()
	if failed := <-written; err != nil || failed != nil {
		return fmt.Errorf("import the image %s: %w\n%s", i, errors.Join(err, failed), bytes.TrimSpace(out))
	}
	return nil
}
