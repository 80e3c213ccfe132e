// Command render prints the manifests that Istio's own charts give for an IstioOperator:
// what "istioctl manifest generate" prints, without the rest of istioctl.
//
//	render istio.yaml
package main

import (
	"fmt"
	"os"

	"istio.io/istio/operator/pkg/render"
	"istio.io/istio/operator/pkg/util/clog"
)

func main() {
	sets, _, err := render.GenerateManifest(os.Args[1:], nil, false, nil, clog.NewDefaultLogger())
	if err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
	for _, set := range sets {
		for _, manifest := range set.Manifests {
			fmt.Println("---\n" + manifest.Content)
		}
	}
}
