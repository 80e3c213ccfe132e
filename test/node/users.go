//go:build linux

package node

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// users are those of the control plane; the one named admin is ours.
var users = []struct{ file, name, groups string }{
	{"admin", "admin", "system:masters"},
	{"kube-controller-manager", "system:kube-controller-manager", ""},
	{"kube-scheduler", "system:kube-scheduler", ""},
	{"kubelet", "system:node:" + Name, "system:nodes"},
	{"kube-proxy", "system:kube-proxy", ""},
}

// access writes the API server's list of tokens, a kubeconfig for each user inside, and
// ours for outside.
func (n *Node) access() error {
	var list strings.Builder
	for _, u := range users {
		token := rand.Text()
		fmt.Fprintf(&list, "%s,%s,%s,%q\n", token, u.name, u.name, u.groups)
		if err := n.kubeconfig(n.pki(u.file+".kubeconfig"), "https://"+apiServer, token); err != nil {
			return err
		}
		if u.file == "admin" {
			if err := n.kubeconfig(n.Kubeconfig(), fmt.Sprintf("https://127.0.0.1:%d", n.port), token); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(n.pki("tokens.csv"), []byte(list.String()), 0o600)
}

func (n *Node) kubeconfig(path, server, token string) error {
	ca, err := os.ReadFile(n.pki("ca.crt"))
	if err != nil {
		return err
	}
	return clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{"aws-mesh": {Server: server, CertificateAuthorityData: ca}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{"user": {Token: token}},
		Contexts:       map[string]*clientcmdapi.Context{"aws-mesh": {Cluster: "aws-mesh", AuthInfo: "user"}},
		CurrentContext: "aws-mesh",
	}, path)
}

// Kubeconfig is the file with which this machine reaches the cluster as administrator.
func (n *Node) Kubeconfig() string { return filepath.Join(n.Dir, "kubeconfig") }

func (n *Node) pki(name string) string { return filepath.Join(n.Dir, "pki", name) }
