//go:build linux

package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestArchive reads back what was written: names, and that the layer is what its digest
// and the configuration say.
func TestArchive(t *testing.T) {
	root := t.TempDir()
	for path, text := range map[string]string{"app": "binary", "etc/passwd": "root:x:0:0"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o755), os.WriteFile(filepath.Join(root, path), []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Tree(root, "opt")
	if err != nil {
		t.Fatal(err)
	}
	i := Image{
		Name: "localhost/app:1", User: "1000:1000", Entrypoint: []string{"/opt/app"},
		Files: append(files, File{Path: "usr/bin/app", Link: "../../opt/app"}, File{Path: "tmp", Mode: fs.ModeDir | fs.ModeSticky | 0o777}),
	}
	var archive, again bytes.Buffer
	if _, err := i.WriteTo(&archive); err != nil {
		t.Fatal(err)
	}
	if _, err := i.WriteTo(&again); err != nil || !bytes.Equal(archive.Bytes(), again.Bytes()) {
		t.Errorf("the same image is not the same archive (%v)", err)
	}
	outer := contents(t, archive.Bytes())
	var manifest []struct {
		Config           string
		RepoTags, Layers []string
	}
	if err := json.Unmarshal(outer["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	layer := outer[manifest[0].Layers[0]]
	var config struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		}
		Config struct{ User string }
	}
	if err := json.Unmarshal(outer[manifest[0].Config], &config); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("sha256:%x", sha256.Sum256(layer)); !slices.Equal(config.RootFS.DiffIDs, []string{want}) {
		t.Errorf("diff_ids = %q, want %q", config.RootFS.DiffIDs, want)
	}
	if config.Config.User != i.User || manifest[0].RepoTags[0] != i.Name {
		t.Errorf("user %q and name %q, want %q and %q", config.Config.User, manifest[0].RepoTags[0], i.User, i.Name)
	}
	inner := contents(t, layer)
	for _, path := range []string{"opt/", "opt/app", "opt/etc/", "opt/etc/passwd", "usr/", "usr/bin/", "usr/bin/app", "tmp/"} {
		if _, there := inner[path]; !there {
			t.Errorf("%s is not in the layer", path)
		}
	}
	if string(inner["opt/app"]) != "binary" || len(inner) != 8 {
		t.Errorf("the layer has %d entries, want 8, and opt/app is %q", len(inner), inner["opt/app"])
	}
}

// TestLinkedFolder puts a file below a link to a folder: a folder in the link's place would
// hide what the link leads to.
func TestLinkedFolder(t *testing.T) {
	i := Image{Files: []File{{Path: "bin", Link: "usr/bin"}, {Path: "usr/bin/busybox"}, {Path: "bin/sh", Link: "busybox"}}}
	var layer bytes.Buffer
	if err := i.layer(&layer); err != nil {
		t.Fatal(err)
	}
	got := slices.Sorted(maps.Keys(contents(t, layer.Bytes())))
	if want := []string{"bin", "bin/sh", "usr/", "usr/bin/", "usr/bin/busybox"}; !slices.Equal(got, want) {
		t.Errorf("the layer has %q, want %q", got, want)
	}
}

func contents(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if found[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}
