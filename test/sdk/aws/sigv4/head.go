package sigv4

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// How far the clocks may be apart.
const (
	maxSkew   = 5 * time.Minute
	maxSkewS3 = 15 * time.Minute
)

func (s *Signature) checkTime(now time.Time) error {
	skew := maxSkew
	if s.s3() {
		skew = maxSkewS3
	}
	at, received := s.Time.Format(timeFormat), now.UTC().Format(timeFormat)
	switch {
	case s.Time.After(now.Add(skew)):
		return fail(Skewed, "signed at %s, in the future: it is %s", at, received)
	case s.Presigned && now.After(s.Time.Add(s.Expires)):
		return fail(Expired, "Request has expired: presigned at %s for %s, and it is %s", at, s.Expires, received)
	case !s.Presigned && s.Time.Before(now.Add(-skew)):
		return fail(Skewed, "signed at %s, more than %s ago: it is %s", at, skew, received)
	}
	return nil
}

// checkHeaders finds signed headers that did not arrive, and headers that should have
// been signed.
func (s *Signature) checkHeaders(r *http.Request) error {
	for _, name := range s.SignedHeaders {
		if name != strings.ToLower(name) {
			return fail(Malformed, "signed header %q is not in lower case", name)
		}
		if len(headerValues(r, name)) == 0 {
			return fail(Mismatch, "signed header %q did not arrive", name)
		}
	}
	if !slices.Contains(s.SignedHeaders, "host") {
		return fail(NotSigned, `header "host" is not signed`)
	}
	for name := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && s.s3() && !slices.Contains(s.SignedHeaders, name) {
			return fail(NotSigned, "header %q is not signed", name)
		}
	}
	return nil
}

// headerValues finds a header by its lower-case name, also where net/http keeps it
// elsewhere.
func headerValues(r *http.Request, name string) []string {
	switch name {
	case "host":
		return []string{r.Host}
	case "transfer-encoding":
		return r.TransferEncoding
	}
	return r.Header.Values(name)
}
