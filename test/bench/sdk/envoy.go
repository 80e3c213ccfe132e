package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/test/sdk/pod"
)

// throughEnvoy is the run with the real sidecar: AWS is this process, the contenders are in
// a pod of the mesh or, for TLS that no sidecar sees, in one that is not.
func throughEnvoy(o options, stdout io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute) // to get going
	defer cancel()
	world, err := newWorld(ctx)
	if err != nil {
		return err
	}
	defer world.Down()
	envoy, err := process(world.Pod, "envoy")
	if err != nil {
		return err
	}
	for pid, cpus := range map[string]string{envoy: envoyCPUs, strconv.Itoa(os.Getpid()): awsCPUs()} {
		if said, err := exec.Command("taskset", "--all-tasks", "--cpu-list", "--pid", cpus, pid).CombinedOutput(); err != nil {
			return fmt.Errorf("taskset (of the package util-linux): %w: %s", err, said)
		}
	}
	where := place{
		run:   func(c *contender, args []string) ([]byte, error) { return inWorld(world, c, args) },
		envoy: func() (time.Duration, error) { return usedBy(envoy) },
	}
	var contenders []*contender
	for _, call := range []struct{ sdk, operation string }{{v1, get}, {v2, get}, {v2, busy}, {v1, fresh}, {v2, fresh}, {v1, put}, {v2, put}} {
		for _, way := range []string{ours, plain, through} {
			contenders = append(contenders, &contender{sdk: call.sdk, way: way, operation: call.operation})
		}
	}
	for round := range o.rounds {
		if err := takeTurns(contenders, round, o, where); err != nil {
			return err
		}
	}
	_, err = io.WriteString(stdout, envoyReport(contenders))
	return err
}

// Each has CPUs of its own. Left to itself, the kernel puts two that call each other on the
// same one if they are quick enough, which depends on the way; and AWS never is.
const appCPUs, envoyCPUs = "0", "1"

func awsCPUs() string { return fmt.Sprintf("%d-%d", min(2, runtime.NumCPU()-1), runtime.NumCPU()-1) }

// newWorld has AWS outside, and the sidecar has aws-mesh's objects.
func newWorld(ctx context.Context) (w *pod.World, err error) {
	dir, err := os.MkdirTemp("", "aws-mesh-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	chain, _, err := chains(filepath.Join(dir, "roots.pem"))
	if err != nil {
		return nil, err
	}
	roots, err := os.ReadFile(filepath.Join(dir, "roots.pem"))
	if err != nil {
		return nil, err
	}
	objects, err := pod.Egress(ctx, map[string]string{awsmesh.AnnotationServices: "dynamodb,s3", awsmesh.AnnotationRegion: region})
	if err != nil {
		return nil, err
	}
	if w, err = pod.Up(ctx, pod.Config{Roots: roots}); err != nil {
		return nil, err
	}
	l, err := w.Outside.Listen("tcp", ":443")
	if err == nil {
		go func() { _ = http.Serve(secure(l, chain), http.HandlerFunc(answer)) }() //nolint:gosec // no stranger comes here
		err = w.Apply(ctx, "aws-mesh", objects)
	}
	if err != nil {
		w.Down()
	}
	return w, err
}

// inWorld runs this program as a contender's application.
func inWorld(w *pod.World, c *contender, args []string) ([]byte, error) {
	machine := w.Pod
	if c.way == plain {
		machine = w.Bare
	}
	cmd := pod.TestBinary(context.Background(), c.environment(), args...)
	pinned := pod.As(1000, exec.Command("taskset", append([]string{"--cpu-list", appCPUs}, cmd.Args...)...))
	var out bytes.Buffer
	pinned.Env, pinned.Stdout, pinned.Stderr = cmd.Env, &out, os.Stderr
	err := machine.Run(pinned)
	return out.Bytes(), err
}

// process returns the process of that name in the machine's network.
func process(m *pod.Machine, name string) (pid string, err error) {
	cmd := exec.Command("readlink", "/proc/self/ns/net")
	var network bytes.Buffer
	cmd.Stdout = &network
	if err := m.Run(cmd); err != nil {
		return "", err
	}
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return "", err
	}
	for _, dir := range all {
		comm, _ := os.ReadFile(filepath.Join(dir, "comm"))
		link, _ := os.Readlink(filepath.Join(dir, "ns", "net"))
		if strings.TrimSpace(string(comm)) == name && link == strings.TrimSpace(network.String()) {
			return filepath.Base(dir), nil
		}
	}
	return "", fmt.Errorf("%s: no process %q", m.Name, name)
}

// usedBy returns the CPU time of all threads of a process, exactly: that of the process
// itself is in hundredths of a second.
func usedBy(pid string) (used time.Duration, err error) {
	threads, err := filepath.Glob("/proc/" + pid + "/task/*/schedstat")
	if err != nil || len(threads) == 0 {
		return 0, fmt.Errorf("the sidecar has ended: %w", err)
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			return 0, err
		}
		first, _, _ := strings.Cut(string(text), " ")
		nanoseconds, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, err
		}
		used += time.Duration(nanoseconds)
	}
	return used, nil
}
