//go:build linux

// Package image writes container images as "docker save" does, from files of this
// machine: no Docker, no registry, no base image.
//
//	files → one layer → archive → containerd
//
// The same files give the same image, byte for byte.
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
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// An Image is one layer and how to run it. All files belong to root.
type Image struct {
	Name       string // with a tag, and one other than "latest": that one is always pulled
	Files      []File // parents before what is in them; folders that are not named are made
	Entrypoint []string
	User       string // uid:gid; empty: root
	Env        []string
	Labels     map[string]string
}

// A File is one entry of a layer: the file Source, Text, a link, or a folder.
type File struct {
	Path   string // without the leading slash
	Source string // where the content is on this machine
	Text   []byte // the content, if there is no Source
	Link   string // what the symbolic link at Path says
	Mode   fs.FileMode
}

// Tree returns all that is below the folder root, to be placed below the folder at.
func Tree(root, at string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		f := File{Path: filepath.Join(at, rel), Mode: info.Mode()}
		switch info.Mode().Type() {
		case fs.ModeSymlink:
			if f.Link, err = os.Readlink(path); err != nil {
				return err
			}
		case 0:
			f.Source = path
		case fs.ModeDir:
		default:
			return fmt.Errorf("%s is neither a file nor a link nor a folder", path)
		}
		files = append(files, f)
		return nil
	})
	return files, err
}

// WriteTo writes the archive. The layer is written twice: its digest names it, and what
// precedes it in the archive is its size.
func (i Image) WriteTo(w io.Writer) (int64, error) {
	digest, archive := sha256.New(), &counter{w: w}
	layer := &counter{w: digest}
	if err := i.layer(layer); err != nil {
		return 0, fmt.Errorf("image %s: %w", i.Name, err)
	}
	id := fmt.Sprintf("%x", digest.Sum(nil))
	config, err := i.config(id)
	if err != nil {
		return 0, err
	}
	name := fmt.Sprintf("%x.json", sha256.Sum256(config))
	manifest, err := json.Marshal([]map[string]any{{"Config": name, "RepoTags": []string{i.Name}, "Layers": []string{id + ".tar"}}})
	if err != nil {
		return 0, err
	}
	t := tar.NewWriter(archive)
	err = errors.Join(
		add(t, &tar.Header{Name: name, Mode: 0o644, Size: int64(len(config))}, bytes.NewReader(config)),
		add(t, &tar.Header{Name: "manifest.json", Mode: 0o644, Size: int64(len(manifest))}, bytes.NewReader(manifest)),
		t.WriteHeader(&tar.Header{Name: id + ".tar", Mode: 0o644, Size: layer.n}),
	)
	if err == nil {
		err = errors.Join(i.layer(t), t.Close())
	}
	return archive.n, err
}

// config is what the OCI image specification calls by this name.
func (i Image) config(layer string) ([]byte, error) {
	type process struct {
		Entrypoint []string
		User       string
		Env        []string
		WorkingDir string
		Labels     map[string]string
	}
	return json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "created": "1970-01-01T00:00:00Z",
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + layer}},
		"config": process{
			Entrypoint: i.Entrypoint, User: i.User, WorkingDir: "/", Labels: i.Labels,
			Env: append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, i.Env...),
		},
	})
}

func (i Image) layer(w io.Writer) error {
	t := tar.NewWriter(w)
	made := map[string]bool{".": true}
	for _, f := range i.Files {
		if err := folders(t, made, filepath.Dir(f.Path)); err != nil {
			return err
		}
		made[f.Path] = f.Mode.IsDir() || f.Link != "" // such as bin, which is usr/bin
		if err := f.write(t); err != nil {
			return err
		}
	}
	return t.Close()
}

// folders writes the folder path and those that it is in, unless they have been made.
func folders(t *tar.Writer, made map[string]bool, path string) error {
	if made[path] {
		return nil
	}
	if err := folders(t, made, filepath.Dir(path)); err != nil {
		return err
	}
	made[path] = true
	return t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: path + "/", Mode: 0o755})
}

func (f File) write(t *tar.Writer) error {
	h := &tar.Header{Name: f.Path, Mode: mode(f.Mode), Size: int64(len(f.Text))}
	switch {
	case f.Mode.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, f.Path+"/"
		return t.WriteHeader(h)
	case f.Link != "":
		h.Typeflag, h.Linkname = tar.TypeSymlink, f.Link
		return t.WriteHeader(h)
	case f.Source == "":
		return add(t, h, bytes.NewReader(f.Text))
	}
	source, err := os.Open(f.Source)
	if err != nil {
		return err
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil {
		return err
	}
	h.Size = info.Size()
	return add(t, h, source)
}

// mode is m in the numbers of tar.
func mode(m fs.FileMode) int64 {
	n := int64(m.Perm())
	if m&fs.ModeSticky != 0 {
		n |= 0o1000
	}
	return n
}

func add(t *tar.Writer, h *tar.Header, content io.Reader) error {
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	_, err := io.Copy(t, content)
	return err
}

// String is the name without the registry's.
func (i Image) String() string { return i.Name[strings.LastIndex(i.Name, "/")+1:] }

// A counter counts what passes through.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
