// Package sign signs requests with AWS signatures, version 4, for tests that want a
// signed request without an SDK, or one that no SDK would make. It shares no code with
// the verifier.
package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4"
)

// The values of a payload hash that are not a hash.
const (
	Unsigned               = "UNSIGNED-PAYLOAD"
	Streaming              = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	StreamingSignedTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	StreamingTrailer       = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// A Signer signs for one service in one region.
type Signer struct {
	Credentials     sigv4.Credentials
	Region, Service string
	Time            time.Time // zero: now
}

// Header signs r in its Authorization header: every header that it has by now, and its
// host. The service "s3" gets the header x-amz-content-sha256.
func (s Signer) Header(r *http.Request, payloadHash string) {
	s.Time = s.now()
	r.Header.Set("X-Amz-Date", s.stamp())
	if s.Service == "s3" {
		r.Header.Set("X-Amz-Content-Sha256", payloadHash)
	}
	if s.Credentials.SessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", s.Credentials.SessionToken)
	}
	names := headerNames(r)
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s, SignedHeaders=%s, Signature=%s",
		s.credential(), strings.Join(names, ";"), s.signature(r, r.URL.Query(), names, payloadHash)))
}

// Presign puts a signature into the query of r, good for the time given. Only the headers
// that r has by now, and its host, are signed.
func (s Signer) Presign(r *http.Request, expires time.Duration) {
	s.Time = s.now()
	names := headerNames(r)
	query := r.URL.Query()
	query.Set("X-Amz-Algorithm", "AWS4-HMAC-SHA256")
	query.Set("X-Amz-Credential", s.credential())
	query.Set("X-Amz-Date", s.stamp())
	query.Set("X-Amz-Expires", fmt.Sprint(int(expires.Seconds())))
	query.Set("X-Amz-SignedHeaders", strings.Join(names, ";"))
	if s.Credentials.SessionToken != "" {
		query.Set("X-Amz-Security-Token", s.Credentials.SessionToken)
	}
	payloadHash := Unsigned
	if s.Service != "s3" {
		payloadHash = Hash(nil)
	}
	query.Set("X-Amz-Signature", s.signature(r, query, names, payloadHash))
	r.URL.RawQuery = query.Encode()
}

// Hash is the payload hash of a body.
func Hash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func (s Signer) now() time.Time {
	if s.Time.IsZero() {
		return time.Now().UTC()
	}
	return s.Time
}

func (s Signer) stamp() string { return s.Time.Format("20060102T150405Z") }

func (s Signer) scope() string {
	return fmt.Sprintf("%s/%s/%s/aws4_request", s.Time.Format("20060102"), s.Region, s.Service)
}

func (s Signer) credential() string { return s.Credentials.AccessKeyID + "/" + s.scope() }

func (s Signer) signature(r *http.Request, query url.Values, names []string, payloadHash string) string {
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	if s.Service != "s3" {
		path = (&url.URL{Path: path}).EscapedPath()
	}
	for _, values := range query {
		slices.Sort(values)
	}
	lines := []string{r.Method, path, strings.ReplaceAll(query.Encode(), "+", "%20")}
	for _, name := range names {
		lines = append(lines, name+":"+strings.Join(header(r, name), ","))
	}
	lines = append(lines, "", strings.Join(names, ";"), payloadHash)
	return s.mac("AWS4-HMAC-SHA256", s.stamp(), s.scope(), Hash([]byte(strings.Join(lines, "\n"))))
}

func (s Signer) mac(lines ...string) string {
	key := []byte("AWS4" + s.Credentials.SecretAccessKey)
	for _, part := range append(strings.Split(s.scope(), "/"), strings.Join(lines, "\n")) {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(part))
		key = h.Sum(nil)
	}
	return hex.EncodeToString(key)
}

func headerNames(r *http.Request) []string {
	names := []string{"host"}
	for name := range r.Header {
		names = append(names, strings.ToLower(name))
	}
	slices.Sort(names)
	return names
}

func header(r *http.Request, name string) []string {
	if name == "host" {
		if r.Host != "" {
			return []string{r.Host}
		}
		return []string{r.URL.Host}
	}
	return r.Header.Values(name)
}
