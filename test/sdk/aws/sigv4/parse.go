package sigv4

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The bounds of a presigned URL's life.
const (
	defaultExpiry = 15 * time.Minute // where a service other than S3 gets none
	maxExpiry     = 7 * 24 * time.Hour
)

// The special values of X-Amz-Content-Sha256.
const (
	unsignedPayload        = "UNSIGNED-PAYLOAD"
	streamingPayload       = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	streamingSignedTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	streamingTrailer       = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

func parse(r *http.Request, query url.Values) (*Signature, error) {
	inHeader, inQuery := r.Header.Get("Authorization") != "", query.Has("X-Amz-Signature") || query.Has("X-Amz-Algorithm")
	switch {
	case inHeader && inQuery:
		return nil, fail(Malformed, "signed twice, in the Authorization header and in the query")
	case inHeader:
		return parseHeader(r)
	case inQuery:
		return parseQuery(r, query)
	}
	return nil, fail(Unsigned, "neither an Authorization header nor X-Amz-Signature in the query")
}

func parseHeader(r *http.Request) (*Signature, error) {
	if n := len(r.Header.Values("Authorization")); n > 1 {
		return nil, fail(Malformed, "%d Authorization headers", n)
	}
	kind, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if kind != algorithm {
		return nil, fail(Malformed, "the Authorization header begins with %.30q, not with %q", kind, algorithm)
	}
	fields := url.Values{}
	for field := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields.Add(name, value)
	}
	s := &Signature{token: r.Header.Get("X-Amz-Security-Token"), payloadHash: r.Header.Get("X-Amz-Content-Sha256")}
	if err := s.setFields(fields, ""); err != nil {
		return s, err
	}
	if err := s.setTime(r.Header.Get("X-Amz-Date"), r.Header.Get("Date")); err != nil {
		return s, err
	}
	err := s.checkPayloadHash()
	return s, err
}

func parseQuery(r *http.Request, query url.Values) (*Signature, error) {
	s := &Signature{Presigned: true, token: query.Get("X-Amz-Security-Token"), payloadHash: r.Header.Get("X-Amz-Content-Sha256")}
	if got := query.Get("X-Amz-Algorithm"); got != algorithm {
		return s, fail(Malformed, "X-Amz-Algorithm is %.30q, not %q", got, algorithm)
	}
	if err := s.setFields(query, "X-Amz-"); err != nil {
		return s, err
	}
	if err := s.setTime(query.Get("X-Amz-Date"), ""); err != nil {
		return s, err
	}
	if err := s.setExpiry(query); err != nil {
		return s, err
	}
	if s.payloadHash == "" && s.s3() {
		s.payloadHash = unsignedPayload
	}
	err := s.checkPayloadHash()
	return s, err
}

// setFields reads what the header and the query have in common; prefix is that of the
// names in the query.
func (s *Signature) setFields(fields url.Values, prefix string) error {
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if n := len(fields[prefix+name]); n != 1 || fields.Get(prefix+name) == "" {
			return fail(Malformed, "%s%s is given %d times, or empty", prefix, name, n)
		}
	}
	parts := strings.Split(fields.Get(prefix+"Credential"), "/")
	if len(parts) != 5 || parts[4] != terminator {
		return fail(Malformed, "the credential %.200q is not KEY/DATE/REGION/SERVICE/%s", fields.Get(prefix+"Credential"), terminator)
	}
	s.AccessKeyID, s.date, s.Region, s.Service = parts[0], parts[1], parts[2], parts[3]
	s.SignedHeaders = strings.Split(fields.Get(prefix+"SignedHeaders"), ";")
	s.value = fields.Get(prefix + "Signature")
	if !slices.IsSorted(s.SignedHeaders) || len(slices.Compact(slices.Clone(s.SignedHeaders))) != len(s.SignedHeaders) {
		return fail(Malformed, "the signed headers are not in order, each once: %q", s.SignedHeaders)
	}
	return nil
}

func (s *Signature) setTime(amzDate, date string) (err error) {
	if amzDate != "" {
		s.Time, err = time.Parse(timeFormat, amzDate)
	} else {
		s.Time, err = http.ParseTime(date)
	}
	if err != nil {
		return fail(Malformed, "no time of signing: X-Amz-Date is %.40q, Date is %.40q", amzDate, date)
	}
	if day := s.Time.UTC().Format("20060102"); day != s.date {
		return fail(Malformed, "signed on %s, but the credential is scoped to %.10q", day, s.date)
	}
	return nil
}

func (s *Signature) setExpiry(query url.Values) error {
	text := query.Get("X-Amz-Expires")
	if text == "" && !s.s3() {
		s.Expires = defaultExpiry
		return nil
	}
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 1 || seconds > int(maxExpiry/time.Second) {
		return fail(Malformed, "X-Amz-Expires is %.20q, not between 1 and %d seconds", text, int(maxExpiry/time.Second))
	}
	s.Expires = time.Duration(seconds) * time.Second
	return nil
}

func (s *Signature) checkPayloadHash() error {
	switch s.payloadHash {
	case "":
		if s.s3() {
			return fail(NotSigned, "S3 wants the header x-amz-content-sha256, and it is missing")
		}
	case unsignedPayload, streamingPayload, streamingSignedTrailer, streamingTrailer:
	default:
		if !isHexSHA256(s.payloadHash) {
			return fail(Malformed, "x-amz-content-sha256 is %.80q: neither a hash nor a kind of payload that is known", s.payloadHash)
		}
	}
	return nil
}

// s3 reports whether the rules of S3 hold: paths are encoded once, and the hash of the
// payload is declared.
func (s *Signature) s3() bool { return s.Service == "s3" || strings.HasPrefix(s.Service, "s3-") }

func isHexSHA256(text string) bool {
	return len(text) == 64 && strings.Trim(text, "0123456789abcdef") == ""
}
