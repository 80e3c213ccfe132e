// Command coredns is CoreDNS with the plugins that a cluster needs: the one of its
// module has all, cloud providers' SDKs included, and takes minutes to build.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/log"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
	_ "github.com/coredns/coredns/plugin/template"
)

func main() {
	// In the order in which they see a query.
	dnsserver.Directives = []string{"reload", "errors", "log", "health", "ready", "cache", "template", "kubernetes"}
	coremain.Run()
}
