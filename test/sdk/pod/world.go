package pod

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// A Config says what kind of mesh the pod is in.
type Config struct {
	Policy string // of the mesh for unknown hosts: "ALLOW_ANY" (default) or "REGISTRY_ONLY"
	Mesh   string // more lines of Istio's mesh configuration, YAML
	Roots  []byte // PEM certificates that the sidecar and applications trust instead of the host's

	// Lookup returns the addresses of a name, without the dot at its end; none: there is
	// no such name. Default: [AWS4] and [AWS6] for every name.
	Lookup func(name string) []netip.Addr

	Log io.Writer // what istiod, pilot-agent and Envoy say; default: nowhere
	Bin string    // the folder of envoy, pilot-agent and pilot-discovery; default: bin of this checkout
}

// A World is a pod of an Istio mesh with what is around it.
type World struct {
	Outside *Machine // AWS, the internet, DNS and istiod
	Pod     *Machine // in the mesh
	Bare    *Machine // a pod that is not

	config  Config
	down    []func()
	waiting sync.WaitGroup // for all processes but the first
}

// Up makes a world; the pod's sidecar is ready, the redirect rules are in force. The
// caller calls Down. ctx bounds Up alone.
func Up(ctx context.Context, c Config) (*World, error) {
	if err := missing(&c); err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = io.Discard
	}
	w := &World{config: c}
	for _, step := range []func(context.Context) error{
		w.machines, w.network, w.files, w.dns, w.cluster, w.istiod, w.track, w.RedirectOn, w.sidecar,
	} {
		if err := step(ctx); err != nil {
			w.Down()
			return nil, fmt.Errorf("a pod in network namespaces: %w", err)
		}
	}
	return w, nil
}

// Down ends all processes of the world; its namespaces and files go with them.
func (w *World) Down() {
	for _, f := range slices.Backward(w.down) {
		f()
	}
	w.down = nil
}

// defaultBin returns the folder bin at the root of the checkout that holds the working
// directory.
func defaultBin() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "CONTRIBUTING.md")); err == nil {
			return filepath.Join(dir, "bin"), nil
		}
	}
	return "", errors.New("the working directory is not in a checkout of aws-mesh; set Config.Bin")
}
