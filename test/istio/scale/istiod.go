package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws-mesh/aws-mesh/test/cluster"
)

// An istiod is Istio's control plane as a process, with its defaults but for what serves
// injection and certificates, and for the limit of new sidecars a second, which would hide
// what they cost.
type istiod struct {
	cmd                       *exec.Cmd
	discovery, http, monitors string // addresses
}

// newIstiod returns one for the cluster, at addresses that are free.
func newIstiod(c *cluster.Cluster) (*istiod, error) {
	i := &istiod{}
	for _, address := range []*string{&i.discovery, &i.http, &i.monitors} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // held until all differ
		*address = l.Addr().String()
	}
	i.cmd = exec.Command(filepath.Join(c.Root, "bin", "pilot-discovery"), "discovery", "--kubeconfig="+filepath.Join(c.Dir, "kubeconfig"),
		"--grpcAddr="+i.discovery, "--httpAddr="+i.http, "--monitoringAddr="+i.monitors,
		"--httpsAddr=", "--secureGRPCAddr=", "--ctrlz_port=0", "--log_output_level=all:error")
	i.cmd.Env = []string{
		"POD_NAMESPACE=istio-system", "PILOT_CERT_PROVIDER=none", "ENABLE_CA_SERVER=false", "INJECT_ENABLED=false",
		"ENABLE_LEADER_ELECTION=false", "PILOT_MAX_REQUESTS_PER_SECOND=10000",
	}
	i.cmd.Dir = c.Dir
	i.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return i, nil
}

// start returns when istiod says that it is ready: it has read all objects.
func (i *istiod) start(ctx context.Context) error {
	if err := i.cmd.Start(); err != nil {
		return err
	}
	for {
		_, err := get(ctx, http.DefaultClient, "http://"+i.http+"/ready")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (i *istiod) stop() {
	_ = i.cmd.Process.Kill()
	_ = i.cmd.Wait()
}

// cpu returns what the process has used.
func (i *istiod) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", i.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	ticks := 0
	for _, field := range fields[11:13] { // user and system, see proc_pid_stat(5)
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// memory returns what the process has in use, and had at most, in MiB.
func (i *istiod) memory() (resident, peak float64, err error) {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", i.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		kib, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		switch key {
		case "VmRSS":
			resident = kib / 1024
		case "VmHWM":
			peak = kib / 1024
		}
	}
	return resident, peak, nil
}

// heap returns what is alive after a garbage collection, in MiB.
func (i *istiod) heap(ctx context.Context) (float64, error) {
	if _, err := get(ctx, http.DefaultClient, "http://"+i.http+"/debug/pprof/heap?gc=1"); err != nil {
		return 0, err
	}
	m, err := i.metrics(ctx)
	return m["go_memstats_heap_alloc_bytes"] / (1 << 20), err
}

func (i *istiod) metrics(ctx context.Context) (metrics, error) {
	text, err := get(ctx, http.DefaultClient, "http://"+i.monitors+"/metrics")
	return parse(text), err
}

// metrics are values of Prometheus by name, without labels: they are added up.
type metrics map[string]float64

func parse(text []byte) metrics {
	m := metrics{}
	for line := range strings.Lines(string(text)) {
		at := strings.LastIndexByte(strings.TrimSpace(line), ' ')
		if at < 0 || line[0] == '#' {
			continue
		}
		name, _, _ := strings.Cut(line[:at], "{")
		if value, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64); err == nil {
			m[name] += value
		}
	}
	return m
}

// get returns the body of a success.
func get(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, response.Status)
	}
	return body, err
}
