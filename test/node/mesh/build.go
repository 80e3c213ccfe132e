//go:build linux

package mesh

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/aws-mesh/aws-mesh/test/node/image"
)

var ourImage = regexp.MustCompile(`image: (\S+/aws-mesh/webhook:\S+)`)

// fromManifests returns our image under the name that our manifests say.
func (m *Mesh) fromManifests(ctx context.Context, stage string) (image.Image, error) {
	install, err := os.ReadFile(m.install())
	if err != nil {
		return image.Image{}, err
	}
	name := ourImage.FindSubmatch(install)
	if name == nil {
		return image.Image{}, fmt.Errorf("%s names no image that matches %q", m.install(), ourImage)
	}
	return m.fromDockerfile(ctx, string(name[1]), stage)
}

func (m *Mesh) install() string { return filepath.Join(m.root(), "deploy", "install.yaml") }
