package workload_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/aws-mesh/aws-mesh/internal/cli/manifest"
	"github.com/aws-mesh/aws-mesh/internal/cli/workload"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

func inject(t *testing.T, text []byte) ([]byte, error) {
	t.Helper()
	sources := []manifest.Source{{Name: "stdin", Text: bytes.Clone(text)}}
	set := workload.NewSet(sources, "default", mutate.Options{DefaultRegion: "eu-west-1"})
	return set.Inject(t.Context(), func(string) {})
}

// FuzzInject demands of any bytes: no panic, and that to inject the result is no
// mistake and changes nothing.
func FuzzInject(f *testing.F) {
	scripts, err := filepath.Glob("../../../cmd/aws-mesh/testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		f.Fatalf("no seeds (%v)", err)
	}
	for _, script := range scripts {
		archive, err := txtar.ParseFile(script)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if strings.HasPrefix(file.Name, "in.") {
				f.Add(file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		once, err := inject(t, text)
		if err != nil {
			return
		}
		twice, err := inject(t, once)
		if err != nil {
			t.Fatalf("second time: %v\nfirst:\n%s", err, once)
		}
		if !bytes.Equal(once, twice) {
			t.Errorf("first:\n%s\nsecond:\n%s", once, twice)
		}
	})
}
