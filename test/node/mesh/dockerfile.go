//go:build linux

package mesh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/aws-mesh/aws-mesh/test/node/image"
)

// A dockerfile makes an image as our Dockerfile says, as far as it goes in what it says:
// a stage named build, with the Go of this machine, and one that begins from scratch.
type dockerfile struct {
	root  string // what is copied from: the checkout
	stage string // the folder that is the build stage's /
	work  string // below stage
	args  []string
	image image.Image
}

// fromDockerfile returns our image under the name given. Its build stage is in dir.
func (m *Mesh) fromDockerfile(ctx context.Context, name, dir string) (image.Image, error) {
	d := &dockerfile{
		root: m.root(), stage: dir, args: []string{"TARGETOS=linux", "TARGETARCH=" + runtime.GOARCH},
		image: image.Image{Name: name, Labels: map[string]string{}},
	}
	path := filepath.Join(d.root, "Dockerfile")
	text, err := os.ReadFile(path)
	if err != nil {
		return d.image, err
	}
	building := false
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.TrimSpace(rest)
		do := d.final
		switch {
		case instruction == "" || strings.HasPrefix(instruction, "#"):
			continue
		case instruction == "FROM":
			building = strings.HasSuffix(rest, " AS build")
			if !building && rest != "scratch" {
				return d.image, fmt.Errorf("%s: the image is to be made from scratch, not from %s", path, rest)
			}
			continue
		case building:
			do = d.build
		}
		if err := do(ctx, instruction, rest); err != nil {
			return d.image, fmt.Errorf("%s: %s %s: %w", path, instruction, rest, err)
		}
	}
	return d.image, nil
}

var errUnknown = errors.New("what this says is not known here")

// build does what an instruction of the build stage says.
func (d *dockerfile) build(ctx context.Context, instruction, rest string) error {
	switch instruction {
	case "WORKDIR":
		d.work = filepath.Join(d.stage, rest)
	case "ARG":
		if strings.Contains(rest, "=") {
			d.args = append(d.args, rest)
		}
	case "COPY":
		names := strings.Fields(rest)
		to := filepath.Join(d.work, names[len(names)-1])
		return d.copyIn(ctx, names[:len(names)-1], to)
	case "RUN":
		// The only absolute path is that of the result.
		cmd := exec.CommandContext(ctx, "sh", "-c", strings.ReplaceAll(rest, " -o /", ` -o "$0"/`), d.stage)
		cmd.Dir, cmd.Env = d.work, append(os.Environ(), d.args...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	default:
		return errUnknown
	}
	return nil
}

// copyIn copies files into the folder to, or what is in folders.
func (d *dockerfile) copyIn(ctx context.Context, names []string, to string) error {
	args := []string{"-R"}
	for _, name := range names {
		path := filepath.Join(d.root, name)
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			path += "/."
		}
		args = append(args, path)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "cp", append(args, to)...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

var label = regexp.MustCompile(`(\S+)="([^"]*)"`)

// final does what an instruction of the image's own stage says.
func (d *dockerfile) final(_ context.Context, instruction, rest string) error {
	switch instruction {
	case "ARG", "EXPOSE":
	case "LABEL":
		for _, pair := range label.FindAllStringSubmatch(rest, -1) {
			d.image.Labels[pair[1]] = pair[2]
		}
	case "USER":
		d.image.User = rest
	case "ENTRYPOINT":
		return json.Unmarshal([]byte(rest), &d.image.Entrypoint)
	case "COPY":
		return d.copy(strings.Fields(rest))
	default:
		return errUnknown
	}
	return nil
}

func (d *dockerfile) copy(names []string) error {
	to := strings.TrimPrefix(names[len(names)-1], "/")
	if names[0] == "--from=build" && len(names) == 3 {
		d.image.Files = append(d.image.Files, binary(filepath.Join(d.stage, names[1]), to))
		return nil
	}
	if !strings.HasSuffix(to, "/") {
		return errUnknown
	}
	for _, name := range names[:len(names)-1] {
		d.image.Files = append(d.image.Files, image.File{Path: to + name, Source: filepath.Join(d.root, name), Mode: 0o644})
	}
	return nil
}

// root is the checkout's, in which Bin is.
func (m *Mesh) root() string { return filepath.Dir(m.Bin) }
