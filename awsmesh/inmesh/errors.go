package inmesh

import (
	"errors"
	"strings"
)

// Why a call did not reach AWS. Match them with [errors.Is].
var (
	// The connection does not end at this pod's sidecar. Nothing was sent.
	ErrNotIntercepted = errors.New("not intercepted by a sidecar")

	// The sidecar does not originate TLS for the host. Nothing of the request was sent.
	ErrNoRoute = errors.New("no route that originates TLS")

	// AWS received plain HTTP: with TrustRoute, or where a route went away.
	ErrPlaintextSent = errors.New("plaintext reached AWS")

	// The SDK is set to plain HTTP for a host of the mesh. Nothing was sent.
	ErrPlainHTTP = errors.New("plain HTTP")

	// The request's Host, header or URL names another host than the one that is called, for
	// which the connection is proven.
	// Nothing was sent.
	ErrOtherHost = errors.New("not the host that was proven")

	// The mesh does not let the request out.
	ErrBlocked = errors.New("blocked by the mesh")

	// The sidecar has the request, but no connection to AWS.
	ErrUpstream = errors.New("no connection from the sidecar to AWS")
)

// An Error says why a call did not reach AWS, and what to do.
type Error struct {
	Host   string
	Kind   error  // one of the Err… of this package
	Reason string // what was seen
	Cure   string // what to do
	Err    error  // what it was made from, or nil
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("aws-mesh: " + e.Host + ": " + e.Kind.Error())
	if e.Reason != "" {
		b.WriteString(": " + e.Reason)
	}
	if e.Cure != "" {
		b.WriteString("; " + e.Cure)
	}
	return b.String()
}

// Unwrap returns the kind of the error and what it was made from.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// Temporary reports whether trying again may help: a route may still be on its way.
// aws-sdk-go asks for it.
func (e *Error) Temporary() bool {
	return !errors.Is(e.Kind, ErrNotIntercepted) && !errors.Is(e.Kind, ErrPlainHTTP) && !errors.Is(e.Kind, ErrPlaintextSent) &&
		!errors.Is(e.Kind, ErrOtherHost) && !errors.Is(e.Err, errNoPodUID)
}
