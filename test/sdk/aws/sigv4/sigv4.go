// Package sigv4 verifies AWS signatures, version 4, as AWS does on its side. It is
// written from AWS's public specification and shares nothing with any SDK, so that it is
// a second opinion on what the SDKs sign and on what a proxy did to it on the way.
//
//	request → [Verify] (the head) → [Signature.Check] (the body, as it streams)
//
// The verdict on a request is known when its body has been read: Check passes the body
// through and gives the error in place of its last bytes.
//
// Sources: "Signing AWS API requests" in the IAM user guide, and for S3 "Authenticating
// requests (AWS Signature Version 4)" in the Amazon S3 API reference.
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	timeFormat = "20060102T150405Z"
)

// emptySHA256 is the hash of no bytes.
var emptySHA256 = hexSHA256("")

// Credentials are what AWS keeps of an access key.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string    // empty: long-term credentials
	Expires         time.Time // of a session; zero: never
}

// SigningKey derives the key that signs for a service in a region on a day, YYYYMMDD.
func (c Credentials) SigningKey(date, region, service string) []byte {
	key := []byte("AWS4" + c.SecretAccessKey)
	for _, part := range []string{date, region, service, terminator} {
		key = mac(key, part)
	}
	return key
}

// Lookup finds the credentials of an access key.
type Lookup func(accessKeyID string) (Credentials, bool)

// A Signature is what a request says of its own signature.
type Signature struct {
	AccessKeyID     string
	Region, Service string    // the credential scope
	Time            time.Time // when it was signed
	SignedHeaders   []string
	Presigned       bool          // in the query, not in the Authorization header
	Expires         time.Duration // how long it is good for, if presigned

	date  string // of the credential scope, YYYYMMDD
	token string
	value string // the signature itself, in hex

	key         []byte
	canonical   func(payloadHash string) string
	payloadHash string // empty: nothing declared, so it is the hash of the body
	length      int64  // of the body; -1: unknown
	decoded     string // X-Amz-Decoded-Content-Length
	trailers    []string
}

// Verify checks the head of a request as AWS would at the time now. Its body remains to
// be checked with [Signature.Check], unless it is empty. What could be read of the
// signature is returned even with an error, which is an [*Error].
func Verify(r *http.Request, lookup Lookup, now time.Time) (*Signature, error) {
	query, err := url.ParseQuery(rawQuery(r))
	if err != nil {
		return nil, fail(Malformed, "the query cannot be decoded: %v", err)
	}
	s, err := parse(r, query)
	if err != nil {
		return s, err
	}
	if err := s.checkTime(now); err != nil {
		return s, err
	}
	if err := s.checkHeaders(r); err != nil {
		return s, err
	}
	if err := s.findKey(lookup, now); err != nil {
		return s, err
	}
	s.canonical = canonicalRequest(r, query, s)
	s.length = r.ContentLength
	s.decoded = r.Header.Get("X-Amz-Decoded-Content-Length")
	s.trailers = r.Header.Values("X-Amz-Trailer")
	if s.payloadHash != "" {
		if err := s.checkValue(s.payloadHash); err != nil {
			return s, err
		}
	}
	if s.length == 0 {
		return s, s.payload().Close()
	}
	return s, nil
}

func (s *Signature) findKey(lookup Lookup, now time.Time) error {
	c, ok := lookup(s.AccessKeyID)
	switch {
	case !ok:
		return fail(UnknownKey, "no access key %q", s.AccessKeyID)
	case c.SessionToken == "" && s.token != "":
		return fail(InvalidToken, "a session token for the long-term access key %q", s.AccessKeyID)
	case c.SessionToken != "" && s.token == "":
		return fail(InvalidToken, "no session token for the temporary access key %q", s.AccessKeyID)
	case c.SessionToken != s.token:
		return fail(InvalidToken, "the session token is not the one of access key %q", s.AccessKeyID)
	case !c.Expires.IsZero() && now.After(c.Expires):
		return fail(ExpiredToken, "the session of access key %q ended at %s", s.AccessKeyID, c.Expires.UTC().Format(time.RFC3339))
	}
	s.key = c.SigningKey(s.date, s.Region, s.Service)
	return nil
}

func (s *Signature) scope() string {
	return strings.Join([]string{s.date, s.Region, s.Service, terminator}, "/")
}

// checkValue compares the signature with the one that a request with this payload has.
func (s *Signature) checkValue(payloadHash string) error {
	canonical := s.canonical(payloadHash)
	toSign := strings.Join([]string{algorithm, s.Time.Format(timeFormat), s.scope(), hexSHA256(canonical)}, "\n")
	if s.matches(toSign, s.value) {
		return nil
	}
	e := fail(Mismatch, "the signature is not that of the request as it arrived: the key, or something signed, differs")
	e.CanonicalRequest, e.StringToSign = canonical, toSign
	return e
}

func (s *Signature) matches(toSign, signature string) bool {
	want := hex.EncodeToString(mac(s.key, toSign))
	return hmac.Equal([]byte(want), []byte(signature))
}

func mac(key []byte, data string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	return h.Sum(nil)
}

func hexSHA256(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
}
