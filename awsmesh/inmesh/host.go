package inmesh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// dialled returns u with the host that net/http dials for it. A name that is not in ASCII
// is mapped to one that is (IDNA), in ways that net/http keeps to itself, so it is asked.
func dialled(u *url.URL) *url.URL {
	if !strings.ContainsFunc(u.Host, func(c rune) bool { return c >= utf8.RuneSelf }) {
		return u
	}
	to := *u
	t := http.Transport{DialContext: func(_ context.Context, _, addr string) (net.Conn, error) {
		to.Host = addr
		return nil, errors.New("not dialled")
	}}
	if answer, err := t.RoundTrip(&http.Request{URL: u, Header: http.Header{}}); err == nil { // it never is
		_ = answer.Body.Close()
	}
	return &to
}

// checkHost reports a request that names another host than the one that is dialled for
// it. A connection is proven for that one, and the sidecar goes by what each request
// names, in its first line or, failing that, its Host: where that is no host of the mesh,
// it may send the plaintext on as it is.
func checkHost(r *http.Request, host string) error {
	target := r.URL.RequestURI()
	switch sent := cmp.Or(r.Host, r.URL.Host); {
	case !names(sent, host):
		return otherHost(host, fmt.Sprintf("the request's Host is %+q", sent))
	case !strings.HasPrefix(target, "/") && !names(authorityOf(target, r.URL.Scheme), host):
		return otherHost(host, "the request's URL is neither a path nor one of its host, see URL.Opaque and URL.Path")
	}
	for name := range r.Header {
		if name != "Host" && strings.EqualFold(name, "Host") { // net/http leaves out the one, and sends the other
			return otherHost(host, "the request has a header "+name+" besides its Host")
		}
	}
	return nil
}

// authorityOf returns the authority of an absolute URL with a path, "" of any other target.
func authorityOf(target, scheme string) string {
	if absolute, ok := strings.CutPrefix(target, scheme+"://"); ok {
		if authority, _, ok := strings.Cut(absolute, "/"); ok {
			return authority
		}
	}
	return ""
}

// names reports whether authority is sent as it is, and names host. What is no name of DNS
// is sent in other letters (IDNA), without its zone, or not at all.
func names(authority, host string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"
	name := strings.TrimSuffix(authority, ":443")
	return strings.Trim(name, letters) == "" && strings.EqualFold(name, host)
}

func otherHost(host, reason string) *Error {
	return &Error{
		Host: host, Kind: ErrOtherHost, Reason: reason,
		Cure: "nothing was sent: leave Request.Host, URL.Opaque and the header empty and the URL's host in letters of ASCII, or call that host by its own URL",
	}
}
