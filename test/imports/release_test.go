package imports_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	gomodule "golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// released are the folders of the modules for applications.
var released = []string{"awsmesh", "awsmesh/sdkv1", "awsmesh/sdkv2"}

// release returns the version that is to be released: that of the manifests' image.
func release(t *testing.T) string {
	t.Helper()
	manifest, err := os.ReadFile("../../deploy/base/kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^ +newTag: (v\S+)$`).FindSubmatch(manifest)
	if found == nil {
		t.Fatal("deploy/base/kustomization.yaml: no newTag")
	}
	return string(found[1])
}

// publish has the go command get our modules of this tree as it will get those of the
// release: from a module proxy, as zip files, and no replace in their go.mod counts.
func publish(t *testing.T) {
	t.Helper()
	root, version := t.TempDir(), release(t)
	for _, name := range released {
		m := gomodule.Version{Path: module + "/" + name, Version: version}
		from, to := filepath.Join("..", "..", name), filepath.Join(root, m.Path, "@v", version)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		mod, err := os.ReadFile(filepath.Join(from, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		for ext, content := range map[string]string{".mod": string(mod), ".info": `{"Version": "` + version + `"}`} {
			if err := os.WriteFile(to+ext, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		archive, err := os.Create(to + ".zip")
		if err != nil {
			t.Fatal(err)
		}
		if err := zip.CreateFromDir(archive, m, from); err != nil {
			t.Fatal(err)
		}
		if err := archive.Close(); err != nil {
			t.Fatal(err)
		}
	}
	known := list(t, ".", "env", "GOMODCACHE", "GOPROXY")
	t.Setenv("GOPROXY", "file://"+root+",file://"+filepath.Join(known[0], "cache", "download")+","+known[1])
	t.Setenv("GOMODCACHE", t.TempDir()) // ours are not to stay
	t.Setenv("GOFLAGS", os.Getenv("GOFLAGS")+" -mod=mod -modcacherw")
	t.Setenv("GONOSUMDB", module)
}
