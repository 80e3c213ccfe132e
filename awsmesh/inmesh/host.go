package inmesh

import (
	"net/http"
	"strings"
)

// checkHost reports a request that names another host than its URL does. A connection is
// proven for the host that it was dialled for, and the sidecar goes by what each request
// names, in its first line or, failing that, its Host: where that is no host of the mesh,
// it may send the plaintext on as it is.
func checkHost(r *http.Request) error {
	target := r.URL.RequestURI()
	switch {
	case r.Host != "" && !strings.EqualFold(strings.TrimSuffix(r.Host, ":443"), strings.TrimSuffix(r.URL.Host, ":443")):
		return otherHost(r, "the request's Host is "+r.Host)
	case !strings.HasPrefix(target, "/") && !strings.HasPrefix(target, r.URL.Scheme+"://"+r.URL.Host+"/"):
		return otherHost(r, "the request's URL is neither a path nor one of its host, see URL.Opaque and URL.Path")
	}
	for name := range r.Header {
		if name != "Host" && strings.EqualFold(name, "Host") { // net/http leaves out the one, and sends the other
			return otherHost(r, "the request has a header "+name+" besides its Host")
		}
	}
	return nil
}

func otherHost(r *http.Request, reason string) *Error {
	return &Error{
		Host: r.URL.Hostname(), Kind: ErrOtherHost, Reason: reason,
		Cure: "nothing was sent: leave Request.Host, URL.Opaque and the header empty, or call that host by its own URL",
	}
}
