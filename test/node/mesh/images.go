//go:build linux

package mesh

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/aws-mesh/aws-mesh/test/node/image"
)

const trusted = "etc/ssl/certs/ca-certificates.crt"

func binary(source, path string) image.File {
	return image.File{Path: path, Source: source, Mode: 0o755}
}

func folder(path string, mode fs.FileMode) image.File {
	return image.File{Path: path, Mode: fs.ModeDir | mode}
}

var tmp = folder("tmp", 0o777|fs.ModeSticky)

func (m *Mesh) bin(name string) string { return filepath.Join(m.Bin, name) }

// images are all but ours.
func (m *Mesh) images() ([]image.Image, error) {
	aws, failed := m.awsStandIn()
	proxy, err := m.proxy(m.ca)
	return []image.Image{
		m.coreDNS(), aws, m.pilot(), proxy, m.application("sample", m.ca), m.application("probe", m.ca),
	}, errors.Join(failed, err)
}

func (m *Mesh) coreDNS() image.Image {
	return image.Image{
		Name: "localhost/coredns:node", Entrypoint: []string{"/coredns"},
		Files: []image.File{binary(m.bin("node/coredns"), "coredns")},
	}
}

// pilot is istiod's, as Istio's own.
func (m *Mesh) pilot() image.Image {
	return image.Image{
		Name: "localhost/istio/pilot:node", User: "1337:1337", Entrypoint: []string{"/usr/local/bin/pilot-discovery"},
		Files: []image.File{
			binary(m.bin("pilot-discovery"), "usr/local/bin/pilot-discovery"), m.bootstrap(), tmp, folder("var/run", 0o755),
		},
	}
}

func (m *Mesh) bootstrap() image.File {
	return image.File{Path: "var/lib/istio/envoy/envoy_bootstrap_tmpl.json", Source: m.bin("envoy_bootstrap.json"), Mode: 0o644}
}

// awsStandIn is AWS with its stores.
func (m *Mesh) awsStandIn() (image.Image, error) {
	system, err := image.Tree(m.bin("node/root/aws"), "")
	if err != nil {
		return image.Image{}, err
	}
	key, err := os.ReadFile(m.aws("ca.key"))
	if err != nil {
		return image.Image{}, err
	}
	dynalite, err := image.Tree(m.bin("dynalite"), "opt/dynalite")
	return image.Image{
		Name: "localhost/aws-stand-in:node", Entrypoint: []string{"/aws-stand-in"},
		Files: slices.Concat(slim(system), dynalite, []image.File{
			binary(m.bin("versitygw"), "opt/versitygw"), binary(m.bin("node/aws-stand-in"), "aws-stand-in"), tmp,
			{Path: "etc/authority.pem", Text: slices.Concat(m.ca, key), Mode: 0o600},
		}),
	}, err
}

// proxy is the sidecar's, as Istio's own, but for Envoy, which is the upstream one. Its
// system trusts the authority ca, PEM, besides those of Debian.
func (m *Mesh) proxy(ca []byte) (image.Image, error) {
	system, err := image.Tree(m.bin("node/root/proxy"), "")
	if err != nil {
		return image.Image{}, err
	}
	roots, err := debianRoots(m.bin("node/root/proxy"))
	files := slices.Concat(slim(system), []image.File{
		binary(m.bin("envoy"), "usr/local/bin/envoy"), binary(m.bin("pilot-agent"), "usr/local/bin/pilot-agent"), m.bootstrap(),
		{Path: trusted, Text: append(roots, ca...), Mode: 0o644},
		{Path: "etc/passwd", Text: []byte("root:x:0:0:root:/root:/bin/sh\nistio-proxy:x:1337:1337::/:/bin/sh\n"), Mode: 0o644},
		{Path: "etc/group", Text: []byte("root:x:0:\nistio-proxy:x:1337:\n"), Mode: 0o644},
		folder("etc/istio/proxy", 0o755), folder("var/lib/istio/data", 0o755),
		{Path: "bin/sh", Link: "busybox"},
	})
	// What Debian's update-alternatives would do.
	for _, program := range []string{"iptables", "ip6tables"} {
		for _, suffix := range []string{"", "-save", "-restore"} {
			files = append(files, image.File{Path: "usr/sbin/" + program + suffix, Link: program + "-nft" + suffix})
		}
	}
	return image.Image{
		Name: "localhost/istio/proxyv2:node", Entrypoint: []string{"/usr/local/bin/pilot-agent"}, Files: files,
	}, err
}

// unused are the folders of packages that nothing running needs.
var unused = regexp.MustCompile(`^(usr/share/(doc|man|locale|lintian|bug)|var/cache|etc/mtab)(/|$)`)

func slim(files []image.File) []image.File {
	return slices.DeleteFunc(files, func(f image.File) bool { return unused.MatchString(f.Path) })
}

// debianRoots is what update-ca-certificates would make of the certificates below root.
func debianRoots(root string) ([]byte, error) {
	var all []byte
	certificates, err := filepath.Glob(filepath.Join(root, "usr", "share", "ca-certificates", "mozilla", "*.crt"))
	for _, path := range certificates {
		pem, readErr := os.ReadFile(path)
		err = errors.Join(err, readErr)
		all = append(all, pem...)
	}
	return all, err
}

// application is one of test/sdk, which trusts the authority ca, PEM.
func (m *Mesh) application(name string, ca []byte) image.Image {
	return image.Image{
		Name: "localhost/" + name + ":node", User: "1000:1000", Entrypoint: []string{"/" + name},
		Files: []image.File{binary(m.bin("node/"+name), name), {Path: trusted, Text: ca, Mode: 0o644}, tmp},
	}
}
