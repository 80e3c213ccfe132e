package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// assets are the binaries of the control plane, in bin of the repository at root.
// KUBEBUILDER_ASSETS names another folder.
type assets struct{ root, bin string }

func (a assets) path(binary string) string { return filepath.Join(a.bin, binary) }

// findAssets looks upwards from the working directory, which is the package's own
// in a test. It reports a missing binary.
func findAssets() (assets, error) {
	root, err := findRoot()
	if err != nil {
		return assets{}, err
	}
	a := assets{root: root, bin: os.Getenv("KUBEBUILDER_ASSETS")}
	if a.bin == "" {
		a.bin = filepath.Join(root, "bin")
	}
	var errs []error
	for _, binary := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "kubectl"} {
		if _, err := os.Stat(a.path(binary)); err != nil {
			errs = append(errs, fmt.Errorf("%w: run \"make assets\"", err))
		}
	}
	return a, errors.Join(errs...)
}

func findRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "test", "assets", "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not inside a checkout of aws-mesh", start)
		}
	}
}
