package inmesh

import (
	"net/http"
	"strings"
)

// checkHost reports a request whose Host is not that of its URL. A connection is proven
// for the host that it was dialled for, and the sidecar goes by the Host of each request:
// where that is no host of the mesh, it may send the plaintext on as it is.
func checkHost(r *http.Request) error {
	if r.Host == "" || strings.EqualFold(strings.TrimSuffix(r.Host, ":443"), strings.TrimSuffix(r.URL.Host, ":443")) {
		return nil
	}
	return &Error{
		Host: r.URL.Hostname(), Kind: ErrOtherHost, Reason: "the request's Host is " + r.Host,
		Cure: "nothing was sent: leave Request.Host empty, or call that host by its own URL",
	}
}
