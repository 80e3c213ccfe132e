package workload

import (
	"bytes"
	"context"
	"maps"

	"github.com/aws-mesh/aws-mesh/internal/cli/manifest"
	"github.com/aws-mesh/aws-mesh/internal/cli/yamledit"
)

// Inject returns all manifests, changed as the webhook would change their pods. Its
// error joins all mistakes in them.
func (s *Set) Inject(ctx context.Context, warn func(warning string)) ([]byte, error) {
	changed := map[*manifest.Document]bool{}
	err := s.Each(warn, func(w Workload) ([]string, error) {
		pod, decision, err := w.Admit(ctx)
		if err == nil && len(decision.Patch) > 0 {
			maps.Copy(w.pod, pod)
			changed[w.Document()] = true
		}
		return decision.Warnings, err
	})
	if err != nil {
		return nil, err
	}
	return s.join(changed)
}

// join joins all documents, those that changed written anew.
func (s *Set) join(changed map[*manifest.Document]bool) ([]byte, error) {
	var stream bytes.Buffer
	var before *manifest.Document
	for _, documents := range s.documents {
		for i, d := range documents {
			if i == 0 && before != nil {
				d.Text = bytes.TrimPrefix(d.Text, []byte("\ufeff")) // it is for the start only
			}
			if changed[d] {
				text, err := yamledit.Sync(d.Text, d.Root())
				if err != nil {
					return nil, err
				}
				d.Text = text
			}
			if i == 0 && before != nil {
				separate(&stream, before.Text, d.Text)
			}
			stream.Write(d.Text)
			before = d
		}
	}
	return stream.Bytes(), nil
}

// separate ends one source and begins the next.
func separate(stream *bytes.Buffer, last, next []byte) {
	if stream.Len() > 0 && !bytes.HasSuffix(stream.Bytes(), []byte("\n")) {
		stream.WriteByte('\n')
	}
	if !bytes.HasPrefix(next, []byte("---")) && !(yamledit.IsJSON(last) && yamledit.IsJSON(next)) {
		stream.WriteString("---\n")
	}
}
