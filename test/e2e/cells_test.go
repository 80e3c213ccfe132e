package e2e

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
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
			cells.mu.Lock()
			defer cells.mu.Unlock()
			cells.list = append(cells.list, result{t.Name(), !t.Failed()})
		}()
		check(t)
	})
}

// print writes a table: one line for each cell but its last part, of which it says how
// many passed.
func (r *results) print(w io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	passed := 0
	var order []string
	rows := map[string][2]int{} // passed, all
	for _, cell := range r.list {
		name := cell.name[:strings.LastIndex(cell.name, "/")]
		if _, known := rows[name]; !known {
			order = append(order, name)
		}
		row := rows[name]
		if row[1]++; cell.passed {
			passed++
			row[0]++
		}
		rows[name] = row
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, name := range order {
		_, _ = fmt.Fprintf(table, "%s\t%d of %d\n", strings.ReplaceAll(name, "/", "\t"), rows[name][0], rows[name][1])
	}
	_ = table.Flush()
	_, _ = fmt.Fprintf(w, "e2e.cells: %d\ne2e.cells_passed: %d\n", len(r.list), passed)
}
