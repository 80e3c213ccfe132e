package pod

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// What the machines see instead of the host's files.
const (
	resolvConf = "nameserver " + service + "\noptions timeout:1 attempts:3\n"
	hosts      = "127.0.0.1 localhost\n::1 localhost\n"
	nsswitch   = "hosts: files dns\n"
)

// roots are where applications, and Istio's agent for "caCertificates: system", look for
// trusted certificates.
var roots = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// binaries are what a world needs in [Config].Bin. The last is Istio's template of Envoy's
// configuration, a part of its images.
func binaries() []string {
	return []string{"envoy", "pilot-agent", "pilot-discovery", "envoy_bootstrap.json"}
}

// files gives each machine its own files. Binaries are bound where every user reaches
// them; the host's folder of shared memory, on which all this is mounted, is untouched.
func (w *World) files(context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, m := range []*Machine{w.Outside, w.Pod, w.Bare} {
		err := m.enter(func() error {
			if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
				return fmt.Errorf("mount propagation of %s: %w", m.Name, err)
			}
			if err := unix.Mount("pod", Shared, "tmpfs", 0, "mode=1777"); err != nil {
				return fmt.Errorf("tmpfs on %s: %w", Shared, err)
			}
			for _, name := range binaries() {
				if err := bind(filepath.Join(w.config.Bin, name), Shared+"/"+name); err != nil {
					return err
				}
			}
			return errors.Join(
				bind(self, Self),
				replace("/etc/resolv.conf", resolvConf),
				replace("/etc/hosts", hosts),
				replace("/etc/nsswitch.conf", nsswitch),
				w.trust(),
			)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// trust puts the world's roots in place of the host's.
func (w *World) trust() error {
	if w.config.Roots == nil {
		return nil
	}
	found := false
	for _, path := range roots {
		if _, err := os.Stat(path); err != nil {
			continue
		}
		found = true
		if err := replace(path, string(w.config.Roots)); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("no file of trusted certificates at %q: install the package ca-certificates", roots)
	}
	return nil
}

// bind has the file from seen at the path to.
func bind(from, to string) error {
	if err := os.WriteFile(to, nil, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(from, to, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind %s to %s: %w", from, to, err)
	}
	return nil
}

// replace has text seen at path, if there is such a file.
func replace(path, text string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	to := Shared + "/" + filepath.Base(path)
	if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
		return err
	}
	if err := unix.Mount(to, path, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind %s to %s: %w", to, path, err)
	}
	return nil
}
