package inmesh

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/intercept"
)

// Explain returns an [*Error] with cause and cure if err, of a call to host, is one
// that a mesh makes. Otherwise it returns err.
func (c Config) Explain(host string, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	port := cmp.Or(c.ProxyPort, intercept.ProxyPort)
	switch {
	case errors.Is(err, http.ErrSchemeMismatch):
		return &Error{
			Host: host, Kind: ErrBlocked, Err: err,
			Reason: "TLS was sent where plaintext is expected: the mesh originates TLS for this host, and InMesh is off",
			Cure:   "take InMesh from FromEnv, or annotate the pod with aws-mesh/mode: passthrough; an ambient pod then needs a namespace without plaintext",
		}
	case closed(err) && intercept.Listening(port):
		return &Error{
			Host: host, Kind: ErrBlocked, Err: err,
			Reason: "the connection was closed, and this pod has a sidecar: under REGISTRY_ONLY it lets out what is registered, and nothing else",
			Cure:   c.blockedCure(host),
		}
	case errors.Is(err, syscall.ECONNREFUSED) && redirected(host) && !intercept.Listening(port):
		return notListening(host, err)
	}
	return err
}

// redirected reports whether calls to host may be for a sidecar: the webhook tells this
// container what only pods with one are told, and the host is neither one that the
// webhook excludes nor in this pod.
func redirected(host string) bool {
	address, err := netip.ParseAddr(host)
	here := host == "localhost" || err == nil && address.IsLoopback()
	return !here && linkLocalCure(host) == "" && os.Getenv(awsmesh.EnvPodUID)+os.Getenv(awsmesh.EnvServices) != ""
}

// notListening explains why a connection is refused in a pod whose traffic is redirected.
func notListening(host string, err error) *Error {
	return &Error{
		Host: host, Kind: ErrBlocked, Err: err,
		Reason: "connection refused, and no sidecar listens in this pod: it is not up yet, or no longer, but traffic is redirected to it",
		Cure: "native sidecars start before init containers and applications (annotate the pod with sidecar.istio.io/nativeSidecar: \"true\"); " +
			"without them, applications wait for it with holdApplicationUntilProxyStarts, and init containers cannot call AWS",
	}
}

func (c Config) blockedCure(host string) string {
	if cure := linkLocalCure(host); cure != "" {
		return cure
	}
	if c.InMesh && c.listed(host) {
		return "see the pod's Events for this host, and try again"
	}
	return "add the service to the pod's annotation aws-mesh/services, and take InMesh from FromEnv"
}

// linkLocalCure returns what to do for a credential endpoint, "" for any other host.
func linkLocalCure(host string) string {
	addr, ok := awsmesh.LinkLocal(host)
	if !ok {
		return ""
	}
	return "annotate the pod with traffic.sidecar.istio.io/excludeOutboundIPRanges: " + netip.PrefixFrom(addr, addr.BitLen()).String() +
		"; with aws-mesh/services, the webhook does"
}

func closed(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		strings.HasSuffix(err.Error(), "http: server closed idle connection") // net/http's, not exported
}

// ExplainResponse returns an [*Error] if response, to a call to host, is not from
// AWS but from the sidecar, or is AWS's answer to plain HTTP. Otherwise, and for what
// came through TLS or from a host that a sidecar does not answer for, it returns nil.
// The response's body can be read as before.
func (c Config) ExplainResponse(host string, response *http.Response) error {
	if response.TLS != nil || !c.answersFor(host) {
		return nil
	}
	switch response.StatusCode {
	case http.StatusBadRequest, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return nil
	}
	if fromAWS(response.Header) {
		return nil
	}
	text := peek(response)
	lower := strings.ToLower(text)
	switch {
	case response.StatusCode == http.StatusBadRequest && strings.Contains(lower, "plain http request was sent to https port"):
		return &Error{
			Host: host, Kind: ErrPlaintextSent,
			Reason: "the sidecar does not originate TLS for this host",
			Cure:   "the namespace needs a DestinationRule with TLS for it: annotate the pod with aws-mesh/services, and leave TrustRoute off",
		}
	case response.StatusCode == http.StatusBadRequest:
		return nil
	case strings.Contains(lower, "certificate_verify_failed") || strings.Contains(lower, "tls_error"):
		return &Error{
			Host: host, Kind: ErrUpstream, Reason: "the sidecar does not accept the server's certificate: " + text,
			Cure: "look at what the name resolves to, and at the roots in the sidecar's image",
		}
	case strings.HasPrefix(lower, "upstream connect error") || strings.HasPrefix(lower, "no healthy upstream") ||
		strings.HasPrefix(lower, "upstream request timeout"):
		return &Error{
			Host: host, Kind: ErrUpstream, Reason: response.Status + ": " + text,
			Cure: "look at the way out of the cluster (network policies, egress firewall, NAT) and at the server's certificate; the sidecar's access log has the reason",
		}
	case text == "" && response.ContentLength > 0: // an answer to HEAD
		return &Error{
			Host: host, Kind: ErrUpstream, Reason: "the sidecar answered " + response.Status + " by itself, to HEAD, which leaves no room to say why",
			Cure: "see the sidecar's access log for the reason: no way out of the cluster, or a certificate that it does not accept",
		}
	case text == "":
		return &Error{
			Host: host, Kind: ErrBlocked, Reason: "the sidecar answered " + response.Status + " by itself",
			Cure: cmp.Or(linkLocalCure(host), "add the service to the pod's annotation aws-mesh/services; if it is there, see the pod's Events"),
		}
	}
	return nil
}

// answersFor reports whether a sidecar may answer plain HTTP for host by itself.
func (c Config) answersFor(host string) bool {
	return c.InMesh && c.listed(host) || linkLocalCure(host) != "" && intercept.Listening(cmp.Or(c.ProxyPort, intercept.ProxyPort))
}

func fromAWS(h http.Header) bool {
	for _, name := range []string{"X-Amzn-Requestid", "X-Amz-Request-Id", "X-Amz-Id-2", "X-Amzn-Errortype"} {
		if h.Get(name) != "" {
			return true
		}
	}
	return false
}

const maxText = 300 // bytes of the sidecar's message

// peek returns the start of the body on one line.
func peek(response *http.Response) string {
	if response.Body == nil {
		return ""
	}
	start := make([]byte, maxText)
	n, _ := io.ReadFull(response.Body, start)
	response.Body = &peeked{io.MultiReader(bytes.NewReader(start[:n]), response.Body), response.Body}
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(start[:n]), "?")), " ")
}

type peeked struct {
	io.Reader
	io.Closer
}
