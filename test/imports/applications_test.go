package imports_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What an application that imports an SDK's package may get along with it.
var mayBring = map[string][]string{
	"sdkv1": {module + "/awsmesh", "github.com/aws/aws-sdk-go", "github.com/jmespath/go-jmespath"},
	"sdkv2": {module + "/awsmesh", "github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go"},
}

// maxExtra is how many bytes the mesh may add to an application's binary.
const maxExtra = 600_000

// An application gets our modules as they are released, and with them neither Kubernetes
// nor the other SDK, and little in its binary.
func TestApplications(t *testing.T) {
	publish(t)
	for sdk, may := range mayBring {
		t.Run(sdk, func(t *testing.T) {
			dir := application(t, sdk)
			for _, line := range list(t, dir, "list", "-m", "all") {
				path, _, _ := strings.Cut(line, " ")
				allowed := func(m string) bool { return path == m || strings.HasPrefix(path, m+"/") }
				if path != "app" && !slices.ContainsFunc(may, allowed) {
					t.Errorf("an application that imports %s gets the module %s", sdk, path)
				}
			}
			plain, mesh := size(t, dir, sdk+"-plain.go"), size(t, dir, sdk+"-mesh.go")
			t.Logf("binary %d bytes, with the plain SDK %d: %+d", mesh, plain, mesh-plain)
			if mesh-plain > maxExtra {
				t.Errorf("%s adds %d bytes to a binary, more than %d", sdk, mesh-plain, maxExtra)
			}
		})
	}
}

// application returns the folder of a module that requires sdk's package and nothing
// else, with the programs of testdata.
func application(t *testing.T, sdk string) string {
	t.Helper()
	dir := t.TempDir()
	sums, err := os.ReadFile(filepath.Join("..", "..", "awsmesh", sdk, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"go.sum": string(sums),
		"go.mod": "module app\n\ngo 1.26.0\n\nrequire " + module + "/awsmesh/" + sdk + " " + release(t) + "\n",
	}
	for _, name := range []string{sdk + "-plain.go", sdk + "-mesh.go"} {
		source, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(source)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// size builds one program of dir and returns the size of its binary.
func size(t *testing.T, dir, source string) int64 {
	t.Helper()
	binary := filepath.Join(dir, strings.TrimSuffix(source, ".go"))
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, source)
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", source, err, bytes.TrimSpace(out))
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
