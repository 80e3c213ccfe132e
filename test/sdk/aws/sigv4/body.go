package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
)

// Check passes the body of a verified request through, unchanged, and checks it on the
// way. If it is not what was signed, the last bytes do not come, but an [*Error]: a
// server behind a proxy never sees such a body whole.
func (s *Signature) Check(body io.ReadCloser) io.ReadCloser {
	return &checked{ReadCloser: body, payload: s.payload(), left: s.length}
}

type checked struct {
	io.ReadCloser
	payload payload
	left    int64 // of a body of known length; negative: unknown
	err     error // once the verdict is known
}

func (c *checked) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.ReadCloser.Read(p)
	if _, e := c.payload.Write(p[:n]); e != nil {
		c.err = e
		return 0, e
	}
	c.left -= int64(n)
	if err != nil || c.left == 0 {
		c.err = err
		if err == nil || err == io.EOF {
			c.err = io.EOF
			if e := c.payload.Close(); e != nil {
				c.err = e
				return 0, e
			}
		}
	}
	return n, c.err
}

// A payload takes a body in and says at its end whether it is the one that was signed.
type payload interface {
	io.Writer
	Close() error
}

func (s *Signature) payload() payload {
	switch s.payloadHash {
	case unsignedPayload:
		return unsigned{}
	case streamingPayload:
		return newChunked(s, true, false)
	case streamingSignedTrailer:
		return newChunked(s, true, true)
	case streamingTrailer:
		return newChunked(s, false, true)
	}
	return &whole{signature: s, hash: sha256.New()}
}

type unsigned struct{}

func (unsigned) Write(p []byte) (int, error) { return len(p), nil }
func (unsigned) Close() error                { return nil }

// whole is a body that is signed in one piece.
type whole struct {
	signature *Signature
	hash      hash.Hash
}

func (w *whole) Write(p []byte) (int, error) { return w.hash.Write(p) }

func (w *whole) Close() error {
	got := hex.EncodeToString(w.hash.Sum(nil))
	declared := w.signature.payloadHash
	switch {
	case declared == "":
		return w.signature.checkValue(got)
	case declared != got:
		return fail(PayloadMismatch, "the body's sha256 is %s, but %s was signed", got, declared)
	}
	return nil
}
