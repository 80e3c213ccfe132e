//go:build linux

package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Process returns the id, on this machine, of the process of that name in the pod with
// that uid. It also finds those of a node that another process has up.
func Process(uid, name string) (pid int, err error) {
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, process := range all { // those that end meanwhile have no files any more
		comm, _ := os.ReadFile(filepath.Join(process, "comm"))
		groups, _ := os.ReadFile(filepath.Join(process, "cgroup"))
		if strings.TrimSpace(string(comm)) == name && strings.Contains(string(groups), "pod"+uid) {
			_, err := fmt.Sscanf(process, "/proc/%d", &pid)
			return pid, err
		}
	}
	return 0, fmt.Errorf("the pod %s has no process %q", uid, name)
}
