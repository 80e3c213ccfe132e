// Package cluster runs a real Kubernetes control plane on loopback, for tests and
// for the demo.
//
//	Start → etcd, kube-apiserver, [kube-controller-manager] → Cluster → Stop
//
// RBAC is on. There is no node: pods are admitted and stay Pending. The binaries are
// those of `make assets`.
//
// A control plane costs about 320 MB and 3 s, so start one per test package, in
// TestMain, and give each test its own namespace:
//
//	var env *cluster.Cluster
//
//	func TestMain(m *testing.M) { os.Exit(cluster.Main(m, &env, cluster.Options{CRDs: true})) }
package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// startTimeout bounds the start of each process. It takes 2 s; a busy machine with
// two cores and the race detector on has been seen to need 20.
const startTimeout = time.Minute

// Options say what runs besides etcd and the API server.
type Options struct {
	CRDs              bool // Istio's custom resource definitions
	ControllerManager bool // Deployment → ReplicaSet → Pod, garbage collection, namespace deletion

	// ServiceAccountAdmission makes each pod need a ServiceAccount. The controller
	// manager creates the one named "default".
	ServiceAccountAdmission bool

	Flags map[string]string // further flags of kube-apiserver, without dashes

	Log io.Writer // output of all processes and of controller-runtime; nil discards it
	Dir string    // for certificates, kubeconfigs and data; empty: a temporary folder
}

// A Cluster is a running control plane.
type Cluster struct {
	Config *rest.Config  // administrator (system:masters)
	Client client.Client // the same, with client-go's scheme and Unstructured
	Dir    string        // has the administrator's "kubeconfig"
	Root   string        // of the repository

	assets     assets
	env        *envtest.Environment
	controller *Child // nil without kube-controller-manager
	ownDir     bool
}

// Start returns a control plane that answers. The caller stops it; after an error
// nothing is left running. It reports missing binaries.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	found, err := findAssets()
	if err != nil {
		return nil, err
	}
	c := &Cluster{assets: found, Dir: o.Dir, Root: found.root, ownDir: o.Dir == ""}
	if err := c.start(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("start the control plane: %w", err), c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, o Options) (err error) {
	log := &lockedWriter{w: o.Log}
	ctrllog.SetLogger(logr.FromSlogHandler(slog.NewTextHandler(log, nil))) // else it complains after 30 s
	if c.ownDir {
		if c.Dir, err = os.MkdirTemp("", "aws-mesh-cluster-"); err != nil {
			return err
		}
	}
	if err := c.startAPIServer(o, log); err != nil {
		return err
	}
	if err := os.WriteFile(c.kubeconfig(), c.env.KubeConfig, 0o600); err != nil {
		return err
	}
	if c.Client, err = client.New(c.Config, client.Options{}); err != nil {
		return err
	}
	if o.ControllerManager {
		if c.controller, err = c.startControllerManager(log); err != nil {
			return err
		}
	}
	if o.CRDs {
		if err := c.InstallIstioCRDs(ctx); err != nil {
			return err
		}
	}
	if o.ControllerManager {
		return c.waitForServiceAccount(ctx, metav1.NamespaceDefault)
	}
	return ctx.Err()
}

func (c *Cluster) startAPIServer(o Options, log io.Writer) (err error) {
	c.env = &envtest.Environment{
		ControlPlaneStartTimeout: startTimeout,
		ControlPlaneStopTimeout:  startTimeout,
	}
	server := c.env.ControlPlane.GetAPIServer()
	server.Path, server.CertDir = c.assets.path("kube-apiserver"), filepath.Join(c.Dir, "apiserver")
	server.Out, server.Err = log, log
	c.env.ControlPlane.Etcd = &envtest.Etcd{
		Path: c.assets.path("etcd"), DataDir: filepath.Join(c.Dir, "etcd"),
		Out: log, Err: log,
	}
	c.env.ControlPlane.KubectlPath = c.assets.path("kubectl")
	if o.ServiceAccountAdmission {
		server.Configure().Disable("disable-admission-plugins")
	}
	for flag, value := range o.Flags {
		server.Configure().Set(flag, value)
	}
	for _, dir := range []string{server.CertDir, c.env.ControlPlane.Etcd.DataDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	c.Config, err = c.env.Start()
	return err
}

// waitForServiceAccount waits for the ServiceAccount "default": until it is there, no
// pod can be created in namespace.
func (c *Cluster) waitForServiceAccount(ctx context.Context, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	key := client.ObjectKey{Namespace: namespace, Name: "default"}
	for {
		err := c.Client.Get(ctx, key, &corev1.ServiceAccount{})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("ServiceAccount %q: %w", key, err)
		case <-c.controller.Ended():
			return fmt.Errorf("%s ended", c.controller)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// CreateNamespace creates a namespace in which pods can be created.
func (c *Cluster) CreateNamespace(ctx context.Context, name string) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := c.Client.Create(ctx, ns); err != nil || c.controller == nil {
		return err
	}
	return c.waitForServiceAccount(ctx, name)
}

// Stop ends the processes that Start started and removes the temporary folder.
func (c *Cluster) Stop() error {
	var errs []error
	if c.controller != nil {
		errs = append(errs, c.controller.Stop())
	}
	if c.env != nil {
		errs = append(errs, c.env.Stop())
	}
	if c.ownDir {
		errs = append(errs, os.RemoveAll(c.Dir))
	}
	return errors.Join(errs...)
}
