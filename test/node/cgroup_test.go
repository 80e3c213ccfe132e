//go:build linux

package node

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
)

// TestWeigh demands a weight in each version's cgroup of processors, and nothing in those
// of other controllers.
func TestWeigh(t *testing.T) {
	n := runtime.NumCPU()
	for file, want := range map[string]int{"cpu.shares": 1024 * n, "cpu.weight": min(100*n, 10000), "pids.max": 0} {
		dir := t.TempDir()
		path := filepath.Join(dir, file)
		if err := os.WriteFile(path, []byte("0"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := weigh(dir); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != strconv.Itoa(want) {
			t.Errorf("%s is %q, %v, want %d", file, got, err, want)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
			t.Errorf("%s: %v, %v, want no other file", file, files, err)
		}
	}
}
