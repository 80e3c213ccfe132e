package features

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/v1"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/v2"
	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

// What is not of the mesh: an HTTP proxy, and a service of which there is one more, with
// certificates of an authority of its own.
const (
	queue     = "queue.example.com"
	ownPort   = 8443
	proxyPort = 3128
)

// TestEnvironment demands that what the environment says of proxies and authorities holds
// for the hosts that are not of the mesh, and for no other. The mesh is ALLOW_ANY, or
// there would be no such hosts.
func TestEnvironment(t *testing.T) {
	p := newPlayer(t, "ALLOW_ANY")
	proxy, own := newProxy(t, p.Stage), ownAuthority(t, p.Stage)
	p.bundle, p.plain = string(own.CA()), proxyPort
	for _, f := range environments() {
		t.Run(f.name, func(t *testing.T) {
			for _, sdk := range sdks() {
				t.Run(sdk, func(t *testing.T) {
					proxy.reset()
					own.Reset()
					p.inMesh(t, f.feature, sdk)
					if got := proxy.tunnels(); !slices.Equal(got, f.tunnels) {
						t.Errorf("the proxy made tunnels to %q, want %q", got, f.tunnels)
					}
					if got := len(own.Records()); got != f.own {
						t.Errorf("%d requests to the service of the other authority, want %d", got, f.own)
					}
				})
			}
		})
	}
}

// An environment is a feature with one call to a host of the mesh, and one to another.
type environment struct {
	feature
	tunnels []string // that a proxy makes
	own     int      // requests to the service with an authority of its own
}

func environments() []environment {
	calls := func(name, host string, env stage.Env, want string) feature {
		f := same("Environment: "+name, v1.Both, v2.Both, "DynamoDB: works, the other: "+want)
		f.env, f.host, f.meshOnly, f.refused = env, host, true, ownTLS
		return f
	}
	proxy := fmt.Sprintf("http://proxy.example.com:%d", proxyPort)
	ownQueue := fmt.Sprintf("%s:%d", queue, ownPort)
	return []environment{
		{feature: calls("HTTPS_PROXY", queue, stage.Env{"HTTPS_PROXY": proxy}, "works"), tunnels: []string{queue + ":443"}},
		{feature: calls("HTTPS_PROXY and NO_PROXY", queue, stage.Env{"HTTPS_PROXY": proxy, "NO_PROXY": queue}, "works")},
		{feature: calls("AWS_CA_BUNDLE", ownQueue, stage.Env{"AWS_CA_BUNDLE": app.BundleFile}, "works"), own: 1},
		{feature: calls("no AWS_CA_BUNDLE", ownQueue, stage.Env{}, "unknown authority")},
	}
}

// ownTLS is a request that has not come from the sidecar.
func ownTLS(r *aws.Record) bool {
	return r.Host == queue && r.Via == aws.ViaTLS && r.Verdict == aws.Valid
}
