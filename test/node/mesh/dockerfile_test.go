//go:build linux

package mesh

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aws-mesh/aws-mesh/test/node"
	"github.com/aws-mesh/aws-mesh/test/node/image"
)

const ourDockerfile = `# A comment.
ARG GO_IMAGE=golang:1.26

FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
WORKDIR /src
COPY one two ./
COPY folder folder
ARG VERSION=devel
ARG TARGETOS
RUN printf '%s\n' "$VERSION" "$TARGETOS" >three && \
    sort -o /program one two three folder/four

FROM scratch
ARG VERSION=devel
LABEL org.example.title="a title" \
      org.example.licenses="Apache-2.0"
COPY one two /licenses/
COPY --from=build /program /bin/program
USER 65532:65532
EXPOSE 9443
ENTRYPOINT ["/bin/program", "-v"]
`

// TestDockerignore demands that Docker gets to see what the Dockerfile copies, which is
// copied here whatever .dockerignore says of it.
func TestDockerignore(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	lines := func(name string) []string {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(string(text), "\n")
	}
	sent := map[string]bool{}
	for _, line := range lines(".dockerignore") {
		if name, ok := strings.CutPrefix(line, "!"); ok {
			sent[name] = true
		}
	}
	for _, line := range lines("Dockerfile") {
		names := strings.Fields(line)
		if len(names) == 0 || names[0] != "COPY" || names[1] == "--from=build" {
			continue
		}
		for _, name := range names[1 : len(names)-1] {
			if top, _, _ := strings.Cut(name, "/"); !sent[name] && !sent[top] {
				t.Errorf("%s: .dockerignore has no line !%s", line, name)
			}
		}
	}
}

// checkout makes one of a Dockerfile and what ours copies.
func checkout(t *testing.T, dockerfile string) (root string) {
	t.Helper()
	root = t.TempDir()
	for path, text := range map[string]string{"Dockerfile": dockerfile, "one": "1\n", "two": "2\n", "folder/four": "4\n"} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestDockerfile(t *testing.T) {
	root, stage := checkout(t, ourDockerfile), t.TempDir()
	m := Attach(node.Config{Bin: filepath.Join(root, "bin")})
	got, err := m.fromDockerfile(t.Context(), "example/app:1", stage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(image.Image{
		Name: "example/app:1", User: "65532:65532", Entrypoint: []string{"/bin/program", "-v"},
		Labels: map[string]string{"org.example.title": "a title", "org.example.licenses": "Apache-2.0"},
		Files: []image.File{
			{Path: "licenses/one", Source: filepath.Join(root, "one"), Mode: 0o644},
			{Path: "licenses/two", Source: filepath.Join(root, "two"), Mode: 0o644},
			{Path: "bin/program", Source: filepath.Join(stage, "program"), Mode: 0o755},
		},
	}, got); diff != "" {
		t.Errorf("the image (-want +got):\n%s", diff)
	}
	if built, err := os.ReadFile(filepath.Join(stage, "program")); err != nil || string(built) != "1\n2\n4\ndevel\nlinux\n" {
		t.Errorf("the build stage made %q, %v", built, err)
	}
}

// TestDockerfileUnknown demands an error where it would else be another image than
// Docker's.
func TestDockerfileUnknown(t *testing.T) {
	for _, tt := range []struct{ old, new, want string }{
		{"FROM scratch", "FROM alpine", "not from alpine"},
		{"USER 65532:65532", "VOLUME /data", "VOLUME /data: " + errUnknown.Error()},
		{"WORKDIR /src", "ADD one /src", "ADD one /src: " + errUnknown.Error()},
		{"COPY one two /licenses/", "COPY one /licenses", errUnknown.Error()},
		{"sort -o", "nonsense -o", "nonsense"},
		{`["/bin/program", "-v"]`, "/bin/program", "ENTRYPOINT"},
	} {
		m := Attach(node.Config{Bin: filepath.Join(checkout(t, strings.Replace(ourDockerfile, tt.old, tt.new, 1)), "bin")})
		if _, err := m.fromDockerfile(t.Context(), "example/app:1", t.TempDir()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.new, err, tt.want)
		}
	}
}
