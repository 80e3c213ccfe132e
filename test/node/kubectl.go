//go:build linux

package node

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Kubectl runs kubectl as administrator and returns its standard output without
// surrounding space. Its error has what kubectl said on standard error.
func (n *Node) Kubectl(ctx context.Context, args ...string) (string, error) {
	return n.KubectlWith(ctx, "", args...)
}

// Apply applies manifests as a client of our own would: server-side.
func (n *Node) Apply(ctx context.Context, manifests string) error {
	_, err := n.KubectlWith(ctx, manifests, "apply", "--server-side", "--force-conflicts", "-f", "-")
	return err
}

// KubectlWith is Kubectl with something on standard input. It does not outlive the node. On
// a busy machine the API server may not shake hands in time: then nothing was asked, and
// it is asked again.
func (n *Node) KubectlWith(ctx context.Context, stdin string, args ...string) (out string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(n.ended, cancel)()
	for range 5 {
		if out, err = n.kubectl(ctx, stdin, args); err == nil || !strings.Contains(err.Error(), "TLS handshake timeout") {
			break
		}
	}
	return out, err
}

func (n *Node) kubectl(ctx context.Context, stdin string, args []string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(n.Bin, "kubectl"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+n.Kubeconfig(), "KUBECACHEDIR="+filepath.Join(n.Dir, "kubectl"))
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return string(bytes.TrimSpace(out)), err
}
