package sigv4

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// canonicalRequest gives the canonical request once the hash of the payload is known.
func canonicalRequest(r *http.Request, query url.Values, s *Signature) func(payloadHash string) string {
	head := strings.Join([]string{
		r.Method,
		canonicalPath(rawPath(r), s.s3()),
		canonicalQuery(query),
		canonicalHeaders(r, s.SignedHeaders),
		strings.Join(s.SignedHeaders, ";"),
	}, "\n")
	return func(payloadHash string) string { return head + "\n" + payloadHash }
}

// rawPath and rawQuery cut what stood in the request line, before any decoding.
func rawPath(r *http.Request) string {
	p, _, _ := strings.Cut(requestURI(r), "?")
	return p
}

func rawQuery(r *http.Request) string {
	_, q, _ := strings.Cut(requestURI(r), "?")
	return q
}

func requestURI(r *http.Request) string {
	if !strings.HasPrefix(r.RequestURI, "/") { // "GET https://host/path", or a request that never was on a wire
		return r.URL.RequestURI()
	}
	return r.RequestURI
}

// canonicalPath encodes a path as it arrived. S3 takes it as it is and encodes it once;
// everybody else drops "." and ".." and empty segments, and encodes the encoded path again.
func canonicalPath(raw string, s3 bool) string {
	if !s3 {
		clean := path.Clean("/" + raw)
		if strings.HasSuffix(raw, "/") && clean != "/" {
			clean += "/"
		}
		return encode(clean, "/")
	}
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		decoded = raw
	}
	return encode(decoded, "/")
}

func canonicalQuery(query url.Values) string {
	var pairs []string
	for name, values := range query {
		if name == "X-Amz-Signature" {
			continue
		}
		for _, value := range values {
			pairs = append(pairs, encode(name, "")+"="+encode(value, ""))
		}
	}
	// By name, then by value: "=" sorts behind "-" and ".", which a name may have.
	slices.SortFunc(pairs, func(a, b string) int {
		an, av, _ := strings.Cut(a, "=")
		bn, bv, _ := strings.Cut(b, "=")
		if c := strings.Compare(an, bn); c != 0 {
			return c
		}
		return strings.Compare(av, bv)
	})
	return strings.Join(pairs, "&")
}

func canonicalHeaders(r *http.Request, names []string) string {
	var b strings.Builder
	for _, name := range names {
		values := slices.Clone(headerValues(r, name))
		for i, value := range values {
			values[i] = collapse(value)
		}
		b.WriteString(name + ":" + strings.Join(values, ",") + "\n")
	}
	return b.String()
}

// collapse trims a value and makes one space of several.
func collapse(value string) string {
	value = strings.Trim(value, " ")
	for strings.Contains(value, "  ") {
		value = strings.ReplaceAll(value, "  ", " ")
	}
	return value
}

// encode escapes every byte but the unreserved characters of RFC 3986 and those of keep.
func encode(text, keep string) string {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if strings.IndexByte(unreserved, c) >= 0 || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
