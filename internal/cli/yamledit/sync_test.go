package yamledit_test

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"encoding/json"

	"github.com/aws-mesh/aws-mesh/internal/cli/yamledit"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestSync applies patch.json to before.* and demands after.*, letter for letter.
func TestSync(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			before, patch, after := archive.Files[0].Data, archive.Files[1].Data, &archive.Files[2]
			got, err := yamledit.Sync(before, patched(t, before, patch))
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				after.Data = got
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(after.Data), string(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", archive.Comment, diff)
			}
		})
	}
}

func patched(t testing.TB, text, operations []byte) any {
	t.Helper()
	_, have, err := yamledit.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := json.Marshal(have)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := jsonpatch.DecodePatch(operations)
	if err != nil {
		t.Fatal(err)
	}
	if doc, err = patch.Apply(doc); err != nil {
		t.Fatal(err)
	}
	want, err := yamledit.FromJSON(doc)
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// FuzzSync demands of any document and any wanted value that the result means it.
func FuzzSync(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data, archive.Files[2].Data)
	}
	f.Fuzz(func(t *testing.T, before, after []byte) {
		root, _, err := yamledit.Parse(before)
		if root == nil || err != nil {
			return
		}
		_, want, err := yamledit.Parse(after)
		if err != nil || want == nil {
			return
		}
		text, err := yamledit.Sync(before, want)
		if err != nil {
			t.Fatal(err)
		}
		_, got, err := yamledit.Parse(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Sync(%q) = %q, which means %v (%v), want %v", before, text, got, err, want)
		}
	})
}
