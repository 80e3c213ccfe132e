package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws-mesh/aws-mesh/test/cluster"
)

// The parts of our manifests that the webhook is told of.
const (
	system         = "aws-mesh-system"
	serviceAccount = "aws-mesh-webhook"
	overlay        = "deploy/overlays/local"
	overlayAddress = "127.0.0.1:9443"
)

// readyTimeout bounds the start of the webhook: it makes a certificate and waits until
// the API server trusts it, a second or so.
const readyTimeout = 2 * time.Minute

func (d *demo) startCluster(ctx context.Context) error {
	return d.step("etcd, kube-apiserver, kube-controller-manager, Istio's CRDs", func() error {
		log, err := os.Create(d.log("control-plane"))
		if err != nil {
			return err
		}
		d.cluster, err = cluster.Start(ctx, cluster.Options{
			CRDs: true, ControllerManager: true, ServiceAccountAdmission: true,
			Dir: d.dir, Log: log,
		})
		return withLog(err, log.Name())
	})
}

// install applies our manifests, with a free port for the webhook.
func (d *demo) install(ctx context.Context) error {
	return d.step("manifests of "+overlay, func() error {
		manifests, err := d.cluster.Kubectl(ctx, "kustomize", filepath.Join(d.cluster.Root, overlay))
		if err != nil {
			return err
		}
		if d.address, err = freeAddress(); err != nil {
			return err
		}
		apply := d.cluster.Command(ctx, "apply", "--server-side", "-f", "-")
		apply.Stdin = strings.NewReader(strings.ReplaceAll(manifests, overlayAddress, d.address))
		if out, err := apply.CombinedOutput(); err != nil {
			return fmt.Errorf("apply the manifests: %w\n%s", err, out)
		}
		return d.cluster.CreateNamespace(ctx, namespace)
	})
}

func (d *demo) startWebhook(ctx context.Context) error {
	return d.step("the webhook, a process with the rights of its ServiceAccount", func() error {
		access, err := d.cluster.ServiceAccount(ctx, system, serviceAccount)
		if err != nil {
			return err
		}
		kubeconfig, err := d.cluster.WriteKubeconfig("webhook.kubeconfig", system, access)
		if err != nil {
			return err
		}
		health, err := freeAddress()
		if err != nil {
			return err
		}
		host, port, err := net.SplitHostPort(d.address)
		if err != nil {
			return err
		}
		log, err := os.Create(d.log("webhook"))
		if err != nil {
			return err
		}
		cmd := exec.Command(filepath.Join(d.cluster.Root, "bin", "webhook"),
			"--kubeconfig="+kubeconfig, "--namespace="+system,
			"--host="+host, "--port="+port, "--health-addr="+health, "--metrics-addr=0",
			"--shutdown-delay=0s")
		cmd.Stdout, cmd.Stderr = log, log
		if d.webhook, err = cluster.StartChild(cmd); err != nil {
			return err
		}
		return withLog(d.ready(ctx, "http://"+health+"/readyz"), log.Name())
	})
}

// ready waits until the webhook is.
func (d *demo) ready(ctx context.Context, url string) error {
	return d.until(ctx, "the webhook to be ready", func(ctx context.Context) (bool, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false, err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false, nil // not yet listening
		}
		return resp.StatusCode == http.StatusOK, resp.Body.Close()
	})
}

// until asks done again and again, for readyTimeout at most, as long as the webhook runs.
func (d *demo) until(ctx context.Context, what string, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("waited %v for %s", readyTimeout, what))
	defer cancel()
	for {
		if ok, err := done(ctx); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-d.webhook.Ended():
			return fmt.Errorf("%s ended", d.webhook)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// freeAddress returns a loopback address that nobody listened on just now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// withLog adds the last lines of a log to err.
func withLog(err error, path string) error {
	if err == nil {
		return nil
	}
	log, readErr := os.ReadFile(path)
	if readErr != nil {
		return err
	}
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	last := bytes.Join(lines[max(0, len(lines)-10):], []byte("\n"))
	return fmt.Errorf("%w; the last lines of its log:\n%s", err, last)
}
