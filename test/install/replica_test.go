package install_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	namespace   = "aws-mesh-system"
	account     = "aws-mesh-webhook"
	webhookUser = "system:serviceaccount:" + namespace + ":" + account
)

// A replica is one webhook process, with the rights of the ServiceAccount.
type replica struct {
	cmd    *exec.Cmd
	addr   string // admission
	health string
	metric string
	log    *syncBuffer
	done   chan struct{}
	err    error // of its end
}

// start runs a replica until the test ends, without waiting for it to be ready.
func start(t *testing.T, flags ...string) *replica {
	t.Helper()
	r := &replica{addr: freeAddr(t), log: &syncBuffer{}, done: make(chan struct{})}
	r.health = freeAddr(t, r.addr)
	r.metric = freeAddr(t, r.addr, r.health)
	host, port, _ := net.SplitHostPort(r.addr)
	r.cmd = exec.Command(filepath.Join(dir, "webhook"), append([]string{
		"--kubeconfig=" + kubeconfig(t, "webhook-"+port), "--host=" + host, "--port=" + port,
		"--health-addr=" + r.health, "--metrics-addr=" + r.metric, "--shutdown-delay=1s",
	}, flags...)...)
	r.cmd.Stderr = r.log
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.done)
		r.err = r.cmd.Wait()
	}()
	front.add(r)
	t.Cleanup(func() { r.finish(t) })
	return r
}

// run starts n replicas at once and waits until they are asked.
func run(t *testing.T, n int, flags ...string) []*replica {
	t.Helper()
	var replicas []*replica
	for range n {
		replicas = append(replicas, start(t, flags...))
	}
	for _, r := range replicas {
		eventually(t, func() error { return front.knows(r) })
	}
	return replicas
}

// finish ends the replica if it still runs, and checks what it left behind.
func (r *replica) finish(t *testing.T) {
	r.kill(t)
	log := r.log.String()
	if strings.Contains(log, "PRIVATE KEY") || strings.Contains(log, "TUlHSEFnRUFN") || strings.Contains(log, "MIGHAgEA") { // PEM, base64, DER
		t.Error("the log has a private key")
	}
	if strings.Contains(log, "DATA RACE") {
		t.Error("data race")
	}
	if strings.Contains(log, "is forbidden: ") {
		t.Error("a right is missing")
	}
	if t.Failed() {
		t.Logf("log of %s:\n%s", r.addr, log)
	}
}

func (r *replica) kill(t *testing.T) {
	t.Helper()
	front.remove(r)
	select {
	case <-r.done:
		return
	default:
	}
	if err := r.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	<-r.done
}

// terminate does what the kubelet does, and returns how the process ended.
func (r *replica) terminate(t *testing.T) error {
	t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.done:
		front.remove(r)
		return r.err
	case <-time.After(30 * time.Second): // terminationGracePeriodSeconds
		t.Fatal("still running after 30 s")
		return nil
	}
}

// readyz reports why the replica is not ready.
func (r *replica) readyz() error { return get("http://"+r.health+"/readyz?verbose", io.Discard) }

func (r *replica) waitReady(t *testing.T) {
	t.Helper()
	eventually(t, r.readyz)
}

var requestsTotal = regexp.MustCompile(`(?m)^controller_runtime_webhook_requests_total\{.*\} (\d+)`)

// requests is how many reviews the replica has answered.
func (r *replica) requests(t *testing.T) (n int) {
	t.Helper()
	for _, m := range requestsTotal.FindAllStringSubmatch(r.metrics(t), -1) {
		i, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		n += i
	}
	return n
}

func (r *replica) metrics(t *testing.T) string {
	t.Helper()
	var text bytes.Buffer
	if err := get("http://"+r.metric+"/metrics", &text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func get(url string, body io.Writer) error {
	resp, err := health.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if _, err := io.Copy(io.MultiWriter(body, &text), resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s\n%s", url, resp.Status, &text)
	}
	return nil
}

// eventually waits until check passes.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

// freeAddr returns an address that the webhook may listen on a moment later: the kernel
// gives connections ports from 32768 (Linux) or 49152 (macOS) on. None is in taken.
func freeAddr(t *testing.T, taken ...string) string {
	t.Helper()
	var err error
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 10000+rand.IntN(20000))
		if slices.Contains(taken, addr) {
			continue
		}
		var l net.Listener
		if l, err = net.Listen("tcp", addr); err == nil {
			defer l.Close()
			return addr
		}
	}
	t.Fatal(err)
	return ""
}

// kubeconfig has the token of the ServiceAccount. Each replica has one of its own: it might
// read a shared one just when that is written for the next.
func kubeconfig(t *testing.T, name string) string {
	t.Helper()
	cfg, err := env.ServiceAccount(t.Context(), namespace, account)
	if err != nil {
		t.Fatal(err)
	}
	path, err := env.WriteKubeconfig(name, namespace, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
