//go:build linux

package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"

	"github.com/aws-mesh/aws-mesh/test/node/image"
)

// Name is the node's in Kubernetes.
const Name = "node"

// Config says where things are. Both folders are needed, as absolute paths.
type Config struct {
	Bin string // binaries
	Dir string // gets "kubeconfig", "log" and "pki"; Down leaves it

	// Addresses that the node's loopback has besides 127.0.0.1, without a prefix: a pod
	// on the node's network can listen there, unknown to Kubernetes.
	Addresses []string

	// Images are there when the node is up, see [Node.Import].
	Images []image.Image

	// Step is told what is being done, and does it; nil: it is just done.
	Step func(what string, do func() error) error
}

// A Node is a running node. Its functions may be called concurrently.
type Node struct {
	Config
	port    int // of the API server, on this machine's loopback
	pid     int // of the first process
	cgroups cgroups
	imports errgroup.Group

	end    func() // the first process, and so all
	client func() (*kubernetes.Clientset, error)
	ended  context.Context // until Down
	ending func()

	mu    sync.Mutex
	parts []*part
}

// Up starts a node and waits until it is ready for pods. After an error nothing is left.
func Up(ctx context.Context, c Config) (*Node, error) {
	if err := Missing(c.Bin); err != nil {
		return nil, err
	}
	if c.Step == nil {
		c.Step = func(_ string, do func() error) error { return do() }
	}
	n := newNode(c)
	for _, s := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"namespaces, network, cgroups, containerd", n.isolate},
		{"etcd, kube-apiserver", n.controlPlane},
		{"kube-controller-manager, kube-scheduler, kubelet, kube-proxy, images", n.machinery},
	} {
		if err := c.Step(s.what, func() error { return s.do(ctx) }); err != nil {
			return nil, errors.Join(err, n.Down())
		}
	}
	return n, nil
}

// Attach returns a node that another process has up, for all but Broken. Down leaves it
// alone.
func Attach(c Config) *Node {
	n := newNode(c)
	text, _ := os.ReadFile(n.first()) // without it, the node is not up
	n.pid, _ = strconv.Atoi(string(text))
	return n
}

// first is the file that says which the first process is.
func (n *Node) first() string { return filepath.Join(n.Dir, "first") }

func newNode(c Config) *Node {
	n := &Node{Config: c, end: func() {}}
	n.client = sync.OnceValues(n.newClient)
	n.ended, n.ending = context.WithCancel(context.Background())
	return n
}

// Down ends the node with all that runs on it. It may be called again.
func (n *Node) Down() error {
	n.ending()
	n.end()
	_ = n.imports.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.parts {
		<-p.done
	}
	return n.cgroups.remove()
}

func (n *Node) isolate(ctx context.Context) error {
	for _, folder := range []string{"log", "pki"} {
		if err := os.MkdirAll(filepath.Join(n.Dir, folder), 0o755); err != nil {
			return err
		}
	}
	var err error
	if n.cgroups, err = makeCgroups(); err != nil {
		return err
	}
	if err := n.startFirst(); err != nil {
		return err
	}
	if err := n.network(ctx); err != nil {
		return err
	}
	return n.startContainerd(ctx)
}

// startFirst starts the first process of the namespaces, and waits for what it reports.
func (n *Node) startFirst() error {
	port, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	defer port.Close()
	n.port = port.Addr().(*net.TCPAddr).Port
	listener, err := port.File()
	if err != nil {
		return err
	}
	defer listener.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	log, err := n.log("first")
	if err != nil {
		return err
	}
	defer log.Close()

	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{firstName, n.Bin, n.Dir}
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = log, log, []*os.File{w, listener}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid:    true, // an interrupt at the terminal is for us alone
		Pdeathsig: syscall.SIGKILL,
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET |
			syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
	}
	err = n.anchor(cmd)
	_ = w.Close()
	if err != nil {
		return fmt.Errorf("new namespaces: %w", err)
	}
	n.pid = cmd.Process.Pid
	if err := os.WriteFile(n.first(), []byte(strconv.Itoa(n.pid)), 0o644); err != nil {
		return err
	}
	if report, err := io.ReadAll(r); err != nil || len(report) > 0 {
		return fmt.Errorf("the node's namespaces: %w", errors.Join(err, errors.New(string(report))))
	}
	return nil
}

// anchor starts cmd on a thread that is kept until Down: the kernel ends the process
// with the thread that started it, and all others with the process.
func (n *Node) anchor(cmd *exec.Cmd) error {
	started, down, gone := make(chan error), make(chan struct{}), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(gone)
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		<-down
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	if err := <-started; err != nil {
		return err
	}
	n.end = sync.OnceFunc(func() {
		close(down)
		<-gone // with all others: the kernel has the first process wait for them
	})
	return nil
}
