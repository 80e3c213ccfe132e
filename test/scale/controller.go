package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/aws-mesh/aws-mesh/internal/egress"
	"github.com/aws-mesh/aws-mesh/test/cluster"
)

// control is the controller's process.
func control(ctx context.Context, kubeconfig string) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	cfg.QPS, cfg.Burst = 500, 1000
	ctrl.SetLogger(logr.Discard())
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Cache:   egress.CacheOptions(),
		Metrics: metricsserver.Options{BindAddress: "0"},
	})
	if err != nil {
		return err
	}
	if err := (&egress.Reconciler{Retention: egress.DefaultRetention}).SetupWithManager(mgr); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// A controller is that process, seen from outside.
type controller struct {
	cmd     *exec.Cmd
	stopped bool
}

func startController(c *cluster.Cluster) (*controller, error) {
	kubeconfig, err := c.WriteKubeconfig("controller", "default", c.Config)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-controller", kubeconfig)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return &controller{cmd: cmd}, cmd.Start()
}

func (c *controller) stop() error {
	if c.stopped {
		return nil
	}
	c.stopped = true
	kill := time.AfterFunc(20*time.Second, func() { _ = c.cmd.Process.Kill() })
	defer kill.Stop()
	return errors.Join(c.cmd.Process.Signal(syscall.SIGTERM), c.cmd.Wait())
}

// memory is in MiB.
type memory struct{ resident, peak int }

func (c *controller) memory() (memory, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return memory{}, err
	}
	var m memory
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		kb, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
		switch key {
		case "VmRSS":
			m.resident = kb >> 10
		case "VmHWM":
			m.peak = kb >> 10
		}
	}
	return m, nil
}
