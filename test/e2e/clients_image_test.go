package e2e

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/node/image"
)

func clientImage(folder string) string { return "localhost/client-" + folder + ":node" }

// importClients gives the node the images of the clients, whose systems trust AWS's
// stand-in.
func importClients(t *testing.T) {
	t.Helper()
	ca, err := env.Pod("aws-stand-in", "aws", 8080).Do(t.Context(), "GET", "ca.pem", nil)
	if err != nil {
		t.Fatal(err)
	}
	const trusted = "etc/ssl/certs/ca-certificates.crt"
	var images []image.Image
	for _, folder := range []string{"python", "js", "java", "go"} {
		files, err := image.Tree(filepath.Join(env.Bin, "clients", folder), "")
		if err != nil {
			t.Fatalf("%v: run make clients", err)
		}
		images = append(images, image.Image{
			Name: clientImage(folder),
			Env: []string{
				"AWS_CA_BUNDLE=/" + trusted, // Python and JavaScript have authorities of their own, and Java cannot read these
				"NODE_EXTRA_CA_CERTS=/" + trusted, "CA_FILE=/" + trusted, "HOME=/tmp",
			},
			Files: append(files,
				image.File{Path: trusted, Text: ca, Mode: 0o644},
				image.File{Path: "tmp", Mode: fs.ModeDir | fs.ModeSticky | 0o777}),
		})
	}
	if err := env.Import(t.Context(), images...); err != nil {
		t.Fatal(err)
	}
}
