package sigv4_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4/sign"
)

// However a request is cut into reads, it gets one verdict; and whoever does not know the
// secret signs nothing: an accepted request has the signature of a seed.
func FuzzVerify(f *testing.F) {
	seeds := map[string]bool{}
	for _, r := range []*http.Request{
		signed("dynamodb", longTerm, "POST", dynamodb, "{}"), signed("s3", session, "PUT", bucket+"/a%20b", "data"),
		presigned("s3", session, bucket+"/k"), presigned("sts", longTerm, "https://sts.amazonaws.com/?Action=GetCallerIdentity"),
		chunked(sign.Streaming), chunked(sign.StreamingSignedTrailer), chunked(sign.StreamingTrailer),
	} {
		var wire bytes.Buffer
		if err := r.Write(&wire); err != nil {
			f.Fatal(err)
		}
		seeds[signature(r)] = true
		f.Add(wire.Bytes())
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		whole, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
		if err != nil {
			return
		}
		inBytes, _ := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
		inBytes.Body = io.NopCloser(iotest.OneByteReader(inBytes.Body))
		first, second := verify(whole, lookup(longTerm, session), now), verify(inBytes, lookup(longTerm, session), now)
		if (first == nil) != (second == nil) {
			t.Errorf("in one piece: %v; byte by byte: %v", first, second)
		}
		if first == nil && !seeds[signature(whole)] {
			t.Errorf("accepted a signature that nobody made: %s", wire)
		}
	})
}

func signature(r *http.Request) string {
	if _, s, ok := strings.Cut(r.Header.Get("Authorization"), "Signature="); ok {
		return s
	}
	return r.URL.Query().Get("X-Amz-Signature")
}
