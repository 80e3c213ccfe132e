package manifest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Source is one file, or the standard input.
type Source struct {
	Name string // as errors call it
	Text []byte
}

// Read reads the files that paths name. A folder stands for its .yaml, .yml and .json
// files, sorted by name, those of its folders too if recursive is set; "-" stands for
// stdin. It reports every file that it cannot read.
func Read(paths []string, recursive bool, stdin io.Reader) ([]Source, error) {
	var sources []Source
	var errs []error
	for _, path := range paths {
		read, err := readPath(path, recursive, stdin)
		sources, errs = append(sources, read...), append(errs, err)
	}
	return sources, errors.Join(errs...)
}

func readPath(path string, recursive bool, stdin io.Reader) ([]Source, error) {
	if path == "-" {
		text, err := io.ReadAll(stdin)
		return []Source{{"stdin", text}}, err
	}
	if strings.HasPrefix(path, "http://") || strings.HasPrefix(path, "https://") {
		return nil, fmt.Errorf("%s: addresses are not read; pipe the manifest in with -f -", path)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return readFolder(path, recursive)
	}
	text, err := os.ReadFile(path)
	return []Source{{path, text}}, err
}

func readFolder(folder string, recursive bool) ([]Source, error) {
	var sources []Source
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != folder && !recursive:
			return filepath.SkipDir
		case entry.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)):
			return nil
		}
		text, err := os.ReadFile(path)
		sources = append(sources, Source{path, text})
		return err
	})
	if err == nil && len(sources) == 0 {
		err = fmt.Errorf("%s: no .yaml, .yml or .json file in this folder", folder)
	}
	return sources, err
}
