package e2e

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

	"github.com/aws-mesh/aws-mesh/test/node"
)

// TestKilled demands that nothing runs on of a node whose process is killed, and that
// the next node removes its cgroups.
func TestKilled(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "hold", t.TempDir())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	namespace := strings.TrimSpace(line)
	if n := len(residents(namespace)); n < 7 { // the parts of a node
		t.Errorf("%d processes are in the node, want at least 7", n)
	}
	if len(cgroups(t, cmd.Process.Pid)) == 0 {
		t.Error("the node has no cgroups")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	cell(t, []string{"killed", "processes"}, func(t *testing.T) {
		for range 200 {
			if len(residents(namespace)) == 0 {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("left after the node was killed: %q", residents(namespace))
	})
	cell(t, []string{"killed", "cgroups"}, func(t *testing.T) {
		next, err := node.Up(t.Context(), node.Config{Bin: env.Bin, Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		if err := next.Down(); err != nil {
			t.Error(err)
		}
		if left := cgroups(t, cmd.Process.Pid); len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	})
}

// cgroups returns those of a process's node: one with version 2, one for each controller
// with version 1.
func cgroups(t *testing.T, pid int) (all []string) {
	t.Helper()
	for _, hierarchy := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/*"} {
		found, err := filepath.Glob(fmt.Sprintf("%s/aws-mesh-node-%d-*", hierarchy, pid))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

// hold brings up a node, prints its PID namespace and waits to be killed.
func hold(dir string) error {
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		return err
	}
	n, err := node.Up(context.Background(), node.Config{Bin: bin, Dir: dir})
	if err != nil {
		return err
	}
	out, err := n.Command(context.Background(), "readlink", "/proc/self/ns/pid").Output()
	if err != nil {
		return err
	}
	fmt.Print(string(out))
	select {}
}

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
