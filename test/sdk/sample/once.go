package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// once makes the calls, in their order, and writes what came of each by its name. Only
// that they cannot be made, or not told of, is an error.
func (c clients) once(ctx context.Context, names []string, stdout io.Writer) error {
	outcomes := map[string]Outcome{}
	for _, name := range names {
		if c[name] == nil {
			return fmt.Errorf("--once: no call %q", name)
		}
		outcomes[name] = c.try(ctx, name, "")
	}
	return json.NewEncoder(stdout).Encode(outcomes)
}
