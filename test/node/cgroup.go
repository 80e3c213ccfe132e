//go:build linux

package node

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// cgroups are the folders, one in each hierarchy of this machine, below which kubelet
// makes those of the pods.
type cgroups []string

// cgroupPrefix is followed by the id of the process that the node belongs to, and by what
// tells its nodes apart.
const cgroupPrefix = "aws-mesh-node-"

// name is kubelet's for all of them.
func (c cgroups) name() string { return "/" + filepath.Base(c[0]) }

// hierarchies returns where the machine has its cgroups: one folder with version 2, one
// for each controller with version 1.
func hierarchies() ([]string, error) {
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil {
		return nil, err
	}
	var found []string
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); len(f) > 2 && (f[2] == "cgroup" || f[2] == "cgroup2") && strings.HasPrefix(f[1], "/sys/fs/cgroup") {
			found = append(found, f[1])
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no cgroups are mounted below /sys/fs/cgroup")
	}
	return found, nil
}

func makeCgroups() (cgroups, error) {
	all, err := hierarchies()
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s%d-%s", cgroupPrefix, os.Getpid(), rand.Text()[:8])
	var made cgroups
	for _, hierarchy := range all {
		removeLeft(hierarchy)
		if err := delegate(hierarchy); err != nil {
			return made, err
		}
		path := filepath.Join(hierarchy, name)
		if err := os.MkdirAll(path, 0o755); err != nil {
			return made, fmt.Errorf("cgroup: %w", err)
		}
		made = append(made, path)
		if err := weigh(path); err != nil {
			return made, err
		}
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} { // version 1: without them it holds no process
			value, err := os.ReadFile(filepath.Join(hierarchy, file))
			if err != nil {
				continue
			}
			if err := os.WriteFile(filepath.Join(path, file), value, 0o644); err != nil {
				return made, err
			}
		}
	}
	return made, nil
}

// weigh gives what a cgroup holds the weight of as many processes as there are
// processors, as kubelet gives all pods: else these together would be to the machine's
// scheduler what one other process is, and starve as soon as many run.
func weigh(path string) error {
	for file, weight := range map[string]int{"cpu.shares": 1024 * runtime.NumCPU(), "cpu.weight": min(100*runtime.NumCPU(), 10000)} { // versions 1 and 2
		path := filepath.Join(path, file)
		if _, err := os.Stat(path); err != nil {
			continue // another controller's hierarchy, or version
		}
		if err := os.WriteFile(path, []byte(strconv.Itoa(weight)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// delegate lets cgroups directly below the only hierarchy of version 2 have what it can
// control: kubelet demands all of it in its own. systemd has most of it so in any case. It
// stays so, as after other runtimes of containers.
func delegate(hierarchy string) error {
	controllers, err := os.ReadFile(filepath.Join(hierarchy, "cgroup.controllers"))
	if err != nil || hierarchy != "/sys/fs/cgroup" {
		return nil // version 1, or both
	}
	for name := range strings.FieldsSeq(string(controllers)) {
		if err := os.WriteFile(filepath.Join(hierarchy, "cgroup.subtree_control"), []byte("+"+name), 0o644); err != nil {
			return fmt.Errorf("cgroups cannot have the controller %s (in a container: move its processes to a cgroup of their own): %w", name, err)
		}
	}
	return nil
}

// removeLeft removes what a node left whose process was killed.
func removeLeft(hierarchy string) {
	left, _ := filepath.Glob(filepath.Join(hierarchy, cgroupPrefix+"*"))
	for _, path := range left {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(path), cgroupPrefix), "-")
		if _, err := os.Stat("/proc/" + pid); errors.Is(err, fs.ErrNotExist) {
			_ = cgroups{path}.remove()
		}
	}
}

// remove removes the cgroups with all below them. The kernel takes a moment to notice
// that a killed process has left its own.
func (c cgroups) remove() error {
	var err error
	for range 100 {
		if err = c.removeNow(); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

func (c cgroups) removeNow() error {
	for _, path := range c {
		if err := removeTree(path); err != nil {
			return err
		}
	}
	return nil
}

// removeTree removes a folder and those in it. The files of a cgroup cannot be removed,
// and need not be.
func removeTree(path string) error {
	inside, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range inside {
		if entry.IsDir() {
			if err := removeTree(filepath.Join(path, entry.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(path)
}
