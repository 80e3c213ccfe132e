// Package golden reads the webhook's golden cases for the tests that share them: the
// webhook's own and the command line's. What each section of a case is, is written in
// testdata/README.md of internal/mutate.
package golden

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/tools/txtar"
	"sigs.k8s.io/yaml"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// A Case is one file of testdata.
type Case struct {
	Name    string // of the file
	path    string
	archive *txtar.Archive
}

// Options are the section options.yaml.
type Options struct {
	Namespace       string `json:"namespace"`       // default "shop"
	NamespaceRegion string `json:"namespaceRegion"` // its annotation aws-mesh/region
	DefaultRegion   string `json:"defaultRegion"`   // --default-region
	ExcludeIPRanges string `json:"excludeIPRanges"` // of the mesh
}

// A Response is what a section response.yaml shows.
type Response struct {
	Allowed  bool            `json:"allowed"`
	Patched  bool            `json:"patched,omitempty"`
	Message  string          `json:"message,omitempty"`
	Warnings []string        `json:"warnings,omitempty"`
	Status   *awsmesh.Status `json:"status,omitempty"`
}

// fewest guards against tests over cases that are not found.
const fewest = 40

// Cases reads all cases of dir, by name.
func Cases(dir string) ([]Case, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err == nil && len(files) < fewest {
		err = fmt.Errorf("%s: %d cases, want at least %d", dir, len(files), fewest)
	}
	if err != nil {
		return nil, err
	}
	var cases []Case
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			return nil, err
		}
		cases = append(cases, Case{filepath.Base(file), file, archive})
	}
	return cases, nil
}

// Section returns the text of a section, or "" if there is none.
func (c Case) Section(name string) string {
	for _, f := range c.archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// Options reads options.yaml.
func (c Case) Options() (Options, error) {
	var o Options
	if err := yaml.UnmarshalStrict([]byte(c.Section("options.yaml")), &o); err != nil {
		return Options{}, fmt.Errorf("%s: options.yaml: %w", c.path, err)
	}
	o.Namespace = cmp.Or(o.Namespace, "shop")
	return o, nil
}

// Response reads a section that shows an answer.
func (c Case) Response(section string) (Response, error) {
	var r Response
	if err := yaml.UnmarshalStrict([]byte(c.Section(section)), &r); err != nil {
		return Response{}, fmt.Errorf("%s: %s: %w", c.path, section, err)
	}
	return r, nil
}

// sections returns the names of all sections in the order of a file.
func sections() []string {
	return []string{
		"pod.yaml", "options.yaml", "injector.yaml", "response.yaml", "mutated.yaml", "istio.yaml", "second-response.yaml", "second-patch.yaml",
	}
}

// Set replaces a section; an empty one goes.
func (c Case) Set(name, text string) {
	c.archive.Files = slices.DeleteFunc(c.archive.Files, func(f txtar.File) bool { return f.Name == name })
	if text != "" {
		c.archive.Files = append(c.archive.Files, txtar.File{Name: name, Data: []byte(text)})
	}
	order := sections()
	slices.SortStableFunc(c.archive.Files, func(a, b txtar.File) int {
		return slices.Index(order, a.Name) - slices.Index(order, b.Name)
	})
}

// Text returns c as its file has it.
func (c Case) Text() string { return string(txtar.Format(c.archive)) }

// Write rewrites the file.
func (c Case) Write() error { return os.WriteFile(c.path, []byte(c.Text()), 0o644) }
