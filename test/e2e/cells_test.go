package e2e

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

// cells are the expectations that have been looked at.
var cells results

type results struct {
	mu   sync.Mutex
	list []result
}

type result struct {
	name   string
	passed bool
}

// cell runs one expectation, whose name is that of the test and what the parts say.
func cell(t *testing.T, parts []string, check func(t *testing.T)) {
	t.Helper()
	t.Run(strings.Join(parts, "/"), func(t *testing.T) {
		defer func() {
			if t.Failed() {
				t.Log("at", time.Now().UTC().Format(time.TimeOnly)) // as in the logs that are kept
			}
			cells.mu.Lock()
			defer cells.mu.Unlock()
			cells.list = append(cells.list, result{t.Name(), !t.Failed()})
		}()
		check(t)
	})
}

// print writes a table: one line for each cell but its last part, of which it says how
// many passed, and which did not.
func (r *results) print(w io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	type row struct {
		passed, all int
		failed      []string
	}
	passed, rows := 0, map[string]*row{}
	for _, cell := range r.list {
		slash := strings.LastIndex(cell.name, "/")
		in := rows[cell.name[:slash]]
		if in == nil {
			in = &row{}
			rows[cell.name[:slash]] = in
		}
		if in.all++; cell.passed {
			passed++
			in.passed++
		} else {
			in.failed = append(in.failed, "FAILED: "+cell.name[slash+1:])
		}
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		in := rows[name]
		_, _ = fmt.Fprintf(table, "%s\t%d of %d\t%s\n", strings.ReplaceAll(name, "/", "\t"), in.passed, in.all, strings.Join(in.failed, ", "))
	}
	_ = table.Flush()
	_, _ = fmt.Fprintf(w, "e2e.cells: %d\ne2e.cells_passed: %d\n", len(r.list), passed)
}
