package manifest_test

import (
	"bytes"
	"testing"

	"github.com/aws-mesh/aws-mesh/internal/cli/manifest"
)

// FuzzDocuments demands of any text that its documents, joined, are the text.
func FuzzDocuments(f *testing.F) {
	for _, text := range []string{
		"", "\ufeff---\n---\n", "# a\n---\na: 1\n...\n# b\n--- # c\r\nb: 2", "{\"a\":1} {\"b\":2}\n\n", "{a: 1}\n---\n{\"b\":", "%YAML 1.1\n---\na: 1\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var joined []byte
		for _, d := range (manifest.Source{Name: "stdin", Text: text}).Documents() {
			if d.Text == nil && d.Err != nil {
				return // not UTF-8
			}
			joined = append(joined, d.Text...)
		}
		if !bytes.Equal(joined, text) {
			t.Errorf("documents of %q joined: %q", text, joined)
		}
	})
}
