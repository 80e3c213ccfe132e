package inmesh

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/intercept"
)

// A Config says how AWS is called. The zero value means outside of the mesh: the
// SDK's own HTTPS.
type Config struct {
	// InMesh: speak plaintext to the sidecar for Hosts, and let it originate TLS.
	InMesh bool

	// Hosts for which the sidecar originates TLS: exact names and "*.suffix" patterns.
	// Nil means those of AWS_MESH_HOSTS. Hosts that are not listed are never called in
	// plaintext.
	Hosts []string

	// PodUID is the UID of this pod, by which its sidecar is known. Empty means that of
	// AWS_MESH_POD_UID. Where both are, plaintext goes to a waypoint alone.
	PodUID string

	// Endpoint is the URL of a stand-in for AWS, such as http://localhost:8000. Empty:
	// AWS. A host that is not in Hosts is called as its URL says.
	Endpoint string

	// Label names this client in log messages.
	Label string

	// ProxyPort is the sidecar's outbound port. 0 means 15001, Istio's.
	ProxyPort uint16

	// NotIntercepted: what to do where plaintext would not go to a sidecar that
	// originates TLS. The zero value refuses.
	NotIntercepted Fallback

	// TrustRoute: do not ask the sidecar whether it originates TLS for a host. For
	// meshes with egress objects that are not aws-mesh's. Where such an object is
	// missing, a sidecar under ALLOW_ANY sends the plaintext on as it is.
	TrustRoute bool

	// RouteWait is how long after Install a connection waits for a route that is still
	// on its way to the sidecar. 0 means 10 seconds; less than 0: not at all.
	RouteWait time.Duration

	// Logger: nil means slog.Default(). Nothing secret is logged.
	Logger *slog.Logger
}

// A Fallback is what happens to a request that may not be sent in plaintext.
type Fallback int

const (
	// Refuse means an error, and not one byte.
	Refuse Fallback = iota
	// UseTLS means TLS from here to AWS. With aws-sdk-go-v2 that is what the SDK's client
	// does; all others call AWS directly, not through HTTPS_PROXY.
	UseTLS
)

// FromEnv returns the Config that the webhook tells this process, see
// [awsmesh.ParseEnv]. With an error comes the zero Config.
func FromEnv() (Config, error) {
	env, err := awsmesh.FromEnv()
	if err != nil {
		return Config{}, err
	}
	return Config{InMesh: env.InMesh, Hosts: env.Hosts, PodUID: env.PodUID}, nil
}

// Resolve returns c with its defaults filled in, and an error that says what to set if
// c cannot be right.
func (c Config) Resolve() (Config, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	c.ProxyPort = cmp.Or(c.ProxyPort, intercept.ProxyPort)
	c.RouteWait = cmp.Or(c.RouteWait, 10*time.Second)
	if !c.InMesh {
		return c, nil
	}
	env, err := awsmesh.FromEnv()
	if err != nil {
		return c, err
	}
	c.PodUID = cmp.Or(c.PodUID, env.PodUID)
	if c.Hosts == nil {
		c.Hosts = env.Hosts
	}
	if len(c.Hosts) == 0 {
		return c, fmt.Errorf("InMesh is set, but no host is listed for which a sidecar originates TLS: %s is empty; "+
			"annotate the pod with %s and leave InMesh to FromEnv", awsmesh.EnvHosts, awsmesh.AnnotationServices)
	}
	hosts := make([]string, len(c.Hosts))
	var errs []error
	for i, pattern := range c.Hosts {
		pattern = strings.TrimSuffix(pattern, ".")
		hosts[i] = strings.ToLower(pattern)
		errs = append(errs, checkPattern(pattern))
	}
	c.Hosts = hosts
	return c, errors.Join(errs...)
}

// Carries reports whether a request to u is one for the sidecar, for a c that
// [Config.Resolve] returned.
func (c Config) Carries(u *url.URL) bool {
	if !c.InMesh || !c.listed(u.Hostname()) {
		return false
	}
	switch u.Port() {
	case "443":
		return true
	case "":
		return u.Scheme == "https"
	}
	return false
}

func (c Config) listed(host string) bool { return awsmesh.MatchHost(c.Hosts, host) }

// checkPattern reports what is wrong with one of Hosts: a list that matches too much
// is as bad as one that never matches.
func checkPattern(pattern string) error {
	name := strings.TrimPrefix(pattern, "*.")
	_, notIP := netip.ParseAddr(name)
	switch {
	case strings.Contains(name, "://"):
		return fmt.Errorf("host %q is a URL: give the name alone", pattern)
	case notIP == nil:
		return fmt.Errorf("host %q is an address: a certificate has to name it, so give the name", pattern)
	case strings.Contains(name, ":"):
		host, _, _ := net.SplitHostPort(name)
		return fmt.Errorf("host %q has a port: give %q, the port is always 443", pattern, host)
	case strings.Contains(name, "*"):
		return fmt.Errorf(`host %q: "*" may only stand for the first labels, as in "*.s3.eu-west-1.amazonaws.com"`, pattern)
	case name != pattern && strings.Count(name, ".") < 2:
		return fmt.Errorf(`host %q matches too much: name at least the service, as in "*.s3.eu-west-1.amazonaws.com"`, pattern)
	case name == "" || strings.ContainsAny(name, " /\t\r\n,") || strings.HasPrefix(name, "."):
		return fmt.Errorf("host %q is not a host name", pattern)
	}
	return nil
}
