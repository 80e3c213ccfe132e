package sigv4

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"
)

const (
	maxLine  = 1 << 10 // of framing
	minChunk = 8 << 10 // only the last signed chunk may be smaller
)

// chunked reads the framing that S3 calls aws-chunked:
//
//	<size in hex>[;chunk-signature=<hex>]\r\n<data>\r\n … 0[;chunk-signature=<hex>]\r\n[name:value\r\n …]\r\n
//
// Each signature covers the one before it, the first that of the head.
type chunked struct {
	signature *Signature
	signed    bool
	trailer   *trailer // nil: none may come

	next     func(line string) error // what to do with the line that comes; nil while data comes
	line     []byte
	left     int64 // data of this chunk still to come
	hash     hash.Hash
	claimed  string // this chunk's signature
	previous string
	short    bool  // a chunk below minChunk has passed
	total    int64 // data so far
	ended    bool
}

func newChunked(s *Signature, signed, trailer bool) *chunked {
	c := &chunked{signature: s, signed: signed, hash: sha256.New(), previous: s.value}
	if trailer {
		c.trailer = newTrailer(s.trailers)
	}
	c.next = c.head
	return c
}

func (c *chunked) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		switch {
		case c.ended:
			return 0, fail(BadChunk, "%d bytes follow the last chunk", len(rest))
		case c.next == nil:
			rest = c.data(rest)
		default:
			var err error
			if rest, err = c.text(rest); err != nil {
				return 0, err
			}
		}
	}
	return len(p), nil
}

// data takes what belongs to this chunk off p.
func (c *chunked) data(p []byte) []byte {
	n := min(c.left, int64(len(p)))
	if c.signed {
		c.hash.Write(p[:n])
	}
	if c.trailer != nil {
		c.trailer.data(p[:n])
	}
	c.total += n
	if c.left -= n; c.left == 0 {
		c.next = c.tail
	}
	return p[n:]
}

// text takes a line, or a part of it, off p and handles it once it is whole.
func (c *chunked) text(p []byte) ([]byte, error) {
	end := bytes.IndexByte(p, '\n')
	if end < 0 {
		end = len(p) - 1
	}
	c.line = append(c.line, p[:end+1]...)
	if len(c.line) > maxLine {
		return nil, fail(BadChunk, "a line of framing is longer than %d bytes: %.40q…", maxLine, c.line)
	}
	if p[end] != '\n' {
		return nil, nil
	}
	line, ok := strings.CutSuffix(string(c.line), "\r\n")
	if !ok {
		return nil, fail(BadChunk, "the line %.80q does not end with CR LF", c.line)
	}
	c.line = c.line[:0]
	return p[end+1:], c.next(line)
}

// head is the line before the data.
func (c *chunked) head(line string) error {
	size, extension, _ := strings.Cut(line, ";")
	n, err := strconv.ParseInt(size, 16, 64)
	if err != nil || n < 0 {
		return fail(BadChunk, "the size of a chunk is %.40q", size)
	}
	claimed, ok := strings.CutPrefix(extension, "chunk-signature=")
	if ok != c.signed {
		return fail(BadChunk, "a chunk at byte %d begins with %.100q, signed chunks: %t", c.total, line, c.signed)
	}
	if c.short && n > 0 && c.signed {
		return fail(BadChunk, "a chunk before byte %d is smaller than %d bytes and not the last", c.total, minChunk)
	}
	c.claimed, c.left, c.short = claimed, n, n < minChunk
	if n > 0 {
		c.next = nil
		return nil
	}
	c.next = c.end
	return c.checkChunk()
}

// tail is the empty line behind the data.
func (c *chunked) tail(line string) error {
	if line != "" {
		return fail(BadChunk, "%.40q stands behind the data of a chunk", line)
	}
	c.next = c.head
	return c.checkChunk()
}

func (c *chunked) checkChunk() error {
	if !c.signed {
		return nil
	}
	sum := hex.EncodeToString(c.hash.Sum(nil))
	c.hash.Reset()
	if !c.signature.matches(c.toSign("AWS4-HMAC-SHA256-PAYLOAD", emptySHA256+"\n"+sum), c.claimed) {
		return fail(Mismatch, "the signature of the chunk that ends at byte %d is not that of its data", c.total)
	}
	c.previous = c.claimed
	return nil
}

func (c *chunked) toSign(kind, hashes string) string {
	s := c.signature
	return strings.Join([]string{kind, s.Time.Format(timeFormat), s.scope(), c.previous, hashes}, "\n")
}

// end is a line behind the last chunk: one of the trailer, or the empty one.
func (c *chunked) end(line string) error {
	switch {
	case line == "":
		c.ended = true
		return nil
	case c.trailer == nil:
		return fail(BadChunk, "%.40q stands behind the last chunk, where no trailer was announced", line)
	}
	return c.trailer.add(line)
}

func (c *chunked) Close() error {
	if !c.ended {
		return fail(BadLength, "the body ends within the framing, %d bytes of data in", c.total)
	}
	if declared, err := strconv.ParseInt(c.signature.decoded, 10, 64); err != nil || declared != c.total {
		return fail(BadLength, "%d bytes of data came, x-amz-decoded-content-length is %.20q", c.total, c.signature.decoded)
	}
	if c.trailer == nil {
		return nil
	}
	if c.signed && !c.signature.matches(c.toSign("AWS4-HMAC-SHA256-TRAILER", hexSHA256(c.trailer.canonical)), c.trailer.signature) {
		return fail(Mismatch, "the trailer's signature is not that of the trailer")
	}
	return c.trailer.check()
}
