//go:build linux

package node

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// controlPlane starts etcd and the API server, and waits for it.
func (n *Node) controlPlane(ctx context.Context) error {
	if err := errors.Join(certificates(n.pki("")), n.access()); err != nil {
		return err
	}
	if err := n.start(filepath.Join(n.Bin, "etcd"),
		"--data-dir=/var/lib/etcd", "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379",
		"--listen-peer-urls=http://127.0.0.1:2380",
	); err != nil {
		return err
	}
	if err := n.start(filepath.Join(n.Bin, "kube-apiserver"),
		"--etcd-servers=http://127.0.0.1:2379",
		"--bind-address="+Address, "--advertise-address="+Address, "--secure-port=6443",
		"--tls-cert-file="+n.pki("apiserver.crt"), "--tls-private-key-file="+n.pki("apiserver.key"), "--cert-dir=/run",
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--token-auth-file="+n.pki("tokens.csv"),
		"--allow-privileged",
		"--kubelet-client-certificate="+n.pki("kubelet-client.crt"), "--kubelet-client-key="+n.pki("kubelet-client.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--service-cluster-ip-range="+serviceRange,
		"--service-account-issuer="+Issuer,
		"--service-account-key-file="+n.pki("service-accounts.crt"), "--service-account-signing-key-file="+n.pki("service-accounts.key"),
	); err != nil {
		return err
	}
	return n.Until(ctx, "the API server", n.serves)
}

// machinery starts what makes pods of objects, and waits until the node takes pods.
func (n *Node) machinery(ctx context.Context) error {
	if err := n.startControllers(); err != nil {
		return err
	}
	if err := n.startKubelet(); err != nil {
		return err
	}
	if err := n.Until(ctx, "the node to be ready", n.ready); err != nil {
		return err
	}
	// It ends if the node gets its addresses more than half a minute after its start.
	if err := n.start(n.own("kube-proxy"), "--config="+n.config("kube-proxy.yaml")); err != nil {
		return err
	}
	return n.imports.Wait()
}

func (n *Node) startControllers() error {
	return errors.Join(
		n.start(filepath.Join(n.Bin, "kube-controller-manager"),
			"--kubeconfig="+n.pki("kube-controller-manager.kubeconfig"), "--leader-elect=false", "--use-service-account-credentials",
			// With the default limits the first ServiceAccount takes 5.6 s instead of 0.45.
			"--kube-api-qps=500", "--kube-api-burst=1000",
			"--service-account-private-key-file="+n.pki("service-accounts.key"), "--root-ca-file="+n.pki("ca.crt"),
			"--cluster-signing-cert-file="+n.pki("ca.crt"), "--cluster-signing-key-file="+n.pki("ca.key"),
			"--flex-volume-plugin-dir=/var/lib/flex", "--bind-address=127.0.0.1", "--cert-dir=/run/kube-controller-manager"),
		n.start(n.own("kube-scheduler"),
			"--kubeconfig="+n.pki("kube-scheduler.kubeconfig"), "--leader-elect=false",
			"--bind-address=127.0.0.1", "--cert-dir=/run/kube-scheduler"),
	)
}

// startContainerd starts it, and begins to give it the images: much to do, and nothing in
// Kubernetes has to wait for.
func (n *Node) startContainerd(ctx context.Context) error {
	if err := n.configure("cni/node.conflist", "containerd.toml", "kubelet.yaml", "kube-proxy.yaml"); err != nil {
		return err
	}
	if err := n.start(n.own("containerd"), "--config", n.config("containerd.toml")); err != nil {
		return err
	}
	if err := n.Until(ctx, "containerd", func(ctx context.Context) error {
		return n.run(ctx, "", "test", "-S", socket)
	}); err != nil {
		return err
	}
	n.imports.Go(func() error { return n.Import(ctx, append(n.Images, n.pause())...) })
	return nil
}

func (n *Node) startKubelet() error {
	if err := os.WriteFile(n.config("resolv.conf"), nil, 0o644); err != nil {
		return err
	}
	return n.start(n.own("kubelet"), "--config="+n.config("kubelet.yaml"), "--kubeconfig="+n.pki("kubelet.kubeconfig"),
		"--hostname-override="+Name, "--node-ip="+Address)
}
