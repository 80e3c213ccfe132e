// Command aws-mesh does with manifests what the aws-mesh webhook and controller do in
// a cluster. Under the name kubectl-aws_mesh it is kubectl's plugin aws-mesh.
package main

import (
	"context"
	"os"

	"github.com/aws-mesh/aws-mesh/internal/cli"
)

// version is that of a release: go build -ldflags "-X main.version=v1.2.3".
var version string

func main() { os.Exit(run()) }

func run() int {
	return cli.Run(context.Background(), cli.World{
		Args:    os.Args,
		Stdin:   os.Stdin,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Version: version,
	})
}
