//go:build linux

package node

import (
	"embed"
	"os"
	"path/filepath"
	"text/template"
)

//go:embed config
var configs embed.FS

// values are what the templates of configurations speak of.
type values struct {
	Name, Address, DNS, PodRange string
	CNIBin, CNIConf              string
	Socket, PauseImage           string
	PKI, Cgroup, Resolv          string
}

// configure writes configurations from the templates of their names.
func (n *Node) configure(names ...string) error {
	v := values{
		Name: Name, Address: Address, DNS: DNS, PodRange: podRange,
		CNIBin: n.own("cni"), CNIConf: n.config("cni"),
		Socket: socket, PauseImage: pauseImage,
		PKI: n.pki(""), Cgroup: n.cgroups.name(), Resolv: n.config("resolv.conf"),
	}
	for _, name := range names {
		t, err := template.ParseFS(configs, "config/"+name)
		if err != nil {
			return err
		}
		path := n.config(name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		file, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := t.Execute(file, v); err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) config(name string) string { return filepath.Join(n.Dir, "config", name) }
