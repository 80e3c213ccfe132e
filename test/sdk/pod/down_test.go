package pod

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// residents returns the processes in the PID namespace.
func residents(namespace string) []string {
	links, _ := filepath.Glob("/proc/[0-9]*/ns/pid")
	var found []string
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && to == namespace {
			found = append(found, filepath.Dir(filepath.Dir(link)))
		}
	}
	return found
}

func pidNamespace(t *testing.T, w *World) string {
	t.Helper()
	namespace, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", w.Outside.pid))
	if err != nil {
		t.Fatal(err)
	}
	return namespace
}

func TestDown(t *testing.T) {
	w := Start(t, Config{})
	namespace := pidNamespace(t, w)
	if n := len(residents(namespace)); n < 6 { // three holders, istiod, pilot-agent, Envoy
		t.Errorf("%d processes are in the world, want at least 6", n)
	}
	w.Down()
	if left := residents(namespace); len(left) > 0 {
		t.Errorf("left after Down: %q", left)
	}
}

// TestKilled demands that nothing is left of the world of a test that is killed.
func TestKilled(t *testing.T) {
	Require(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "hold")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	namespace, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	namespace = strings.TrimSpace(namespace)
	if n := len(residents(namespace)); n < 6 {
		t.Errorf("%d processes are in the world, want at least 6", n)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := until(ctx, func() error {
		if left := residents(namespace); len(left) > 0 {
			return fmt.Errorf("left after the test was killed: %q", left)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// holdWorld makes a world, prints its PID namespace and waits to be killed.
func holdWorld() error {
	w, err := Up(context.Background(), Config{})
	if err != nil {
		return err
	}
	namespace, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", w.Outside.pid))
	if err != nil {
		return err
	}
	fmt.Println(namespace)
	select {}
}

// TestMissing demands that who cannot run a world is told what to do.
func TestMissing(t *testing.T) {
	w := Start(t, Config{})
	cmd := TestBinary(t.Context(), []string{"PATH=/nowhere"}, "missing")
	var out strings.Builder
	cmd.Stdout = &out
	if err := w.Bare.Run(cmd); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"envoy is not in /nowhere: run make istio",
		"ip is not in the PATH: install the package iproute2",
		"iptables is not in the PATH: install the package iptables",
		"this is not root: run the tests with sudo -E",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the message lacks %q:\n%s", want, out.String())
		}
	}
}
