package inmesh

import (
	"errors"
	"syscall"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/intercept"
)

func notIntercepted(host string, err error) *Error {
	return &Error{
		Host: host, Kind: ErrNotIntercepted, Reason: err.Error(), Err: err,
		Cure: "nothing was sent: if this pod has no sidecar, or port 443 is excluded from it, do not set InMesh but leave it to FromEnv",
	}
}

func noRoute(host string, err error) *Error {
	return &Error{
		Host: host, Kind: ErrNoRoute, Reason: err.Error(), Err: err,
		Cure: "nothing of the request was sent: the namespace needs aws-mesh's VirtualService for this host, see the pod's Events; " +
			"with egress objects of your own, set TrustRoute",
	}
}

// errNoPodUID is a reason not to ask, and not to wait for a better answer.
var errNoPodUID = errors.New(awsmesh.EnvPodUID + " is not set, by which the sidecar's answer is known from a stranger's")

func unknownSidecar(host string) *Error {
	return &Error{
		Host: host, Kind: ErrNoRoute, Reason: errNoPodUID.Error(), Err: errNoPodUID,
		Cure: "nothing was sent: annotate the pod with " + awsmesh.AnnotationServices + ", then aws-mesh's webhook sets it here and in the sidecar; " +
			"with egress objects of your own, set TrustRoute",
	}
}

func plainHTTP(host, port string) *Error {
	if port == "" {
		port = "80"
	}
	return &Error{
		Host: host, Kind: ErrPlainHTTP, Reason: "the SDK is set to plain HTTP, on port " + port,
		Cure: "nothing was sent: leave out DisableSSL, DisableHTTPS and endpoints with http://, the plaintext to the sidecar needs none of them",
	}
}

// notUp explains why even the connection failed, where the sidecar is the reason.
func (m *mesh) notUp(host string, err error) error {
	if !errors.Is(err, syscall.ECONNREFUSED) || intercept.Listening(m.ProxyPort) {
		return err
	}
	return notListening(host, err)
}
