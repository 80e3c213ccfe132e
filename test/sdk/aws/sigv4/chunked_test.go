package sigv4_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4/sign"
)

// edit changes a chunked body and nothing else.
func edit(old, with string) func(*http.Request) {
	return func(r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		body(strings.Replace(string(b), old, with, 1))(r)
	}
}

func TestRefusesChunks(t *testing.T) {
	for _, tt := range []struct {
		name, kind string
		change     func(*http.Request)
		want       string
	}{
		{"data", sign.Streaming, edit("datadata", "datadota"), "the chunk that ends at byte 8192"},
		{"data of the last chunk", sign.Streaming, edit("data\r\n0;", "dato\r\n0;"), "the chunk that ends at byte 20000"},
		{"signature of a chunk", sign.Streaming, edit("chunk-signature=", "chunk-signature=0"), "the chunk that ends at byte 8192"},
		{"no signature", sign.Streaming, edit(";chunk-signature=", ";"), `begins with "2000;`},
		{"a chunk without its end", sign.Streaming, edit("data\r\n0;", "data0;"), "stands behind the data of a chunk"},
		{"no CR", sign.Streaming, edit("\r\n", "\n"), "does not end with CR LF"},
		{"size", sign.Streaming, edit("2000;", "zz;"), `the size of a chunk is "zz"`},
		{"negative size", sign.Streaming, edit("2000;", "-1;"), `the size of a chunk is "-1"`},
		{"endless line", sign.Streaming, edit("2000;", strings.Repeat("0", 2000)), "longer than 1024 bytes"},
		{"cut", sign.Streaming, edit("\r\n\r\n", "\r\n"), "ends within the framing"},
		{"more", sign.Streaming, edit("\r\n\r\n", "\r\n\r\nmore"), "4 bytes follow the last chunk"},
		{"a trailer that was not announced", sign.Streaming, edit("\r\n\r\n", "\r\nname:value\r\n\r\n"), "no trailer was announced"},
		{"decoded length", sign.StreamingTrailer, func(r *http.Request) { r.Header.Set("X-Amz-Decoded-Content-Length", "1") }, "SignatureDoesNotMatch"},
		{"one byte less than declared", sign.StreamingTrailer, edit("e20\r\ndata", "e1f\r\nata"), `IncompleteBody: 19999 bytes of data came, x-amz-decoded-content-length is "20000"`},
		{"unsigned data", sign.StreamingTrailer, edit("datadata", "datadota"), `BadDigest: x-amz-checksum-crc32c is`},
		{"signed trailer", sign.StreamingSignedTrailer, edit("crc32c:", "crc32c:0"), "the trailer's signature"},
		{"signature of the trailer", sign.StreamingSignedTrailer, edit("trailer-signature:", "trailer-signature:0"), "the trailer's signature"},
		{"no signature of the trailer", sign.StreamingSignedTrailer, edit("x-amz-trailer-signature", "x-amz-checksum-crc32"), `"x-amz-checksum-crc32" was not announced`},
		{"another trailer", sign.StreamingTrailer, edit("x-amz-checksum-crc32c", "x-amz-checksum-crc32"), `"x-amz-checksum-crc32" was not announced`},
		{"no trailer", sign.StreamingTrailer, edit("x-amz-checksum-crc32c:"+sign.CRC32C(bytes.Repeat([]byte("data"), 5000))+"\r\n", ""), `announces "x-amz-checksum-crc32c", and it did not come`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := chunked(tt.kind)
			tt.change(r)
			refused(t, verify(r, lookup(session), now), tt.want)
		})
	}
}

func TestSmallChunks(t *testing.T) {
	r := request("PUT", bucket+"/k", "")
	signer("s3", session).Chunks(r, sign.Streaming, bytes.Repeat([]byte("d"), 9000), 8000)
	refused(t, verify(r, lookup(session), now), "a chunk before byte 8000 is smaller than 8192 bytes and not the last")
}

// The check values of the catalogue of CRC algorithms, and FIPS 180's of the hashes.
func TestChecksums(t *testing.T) {
	for kind, want := range map[string]string{
		"crc32": "y/Q5Jg==", "crc32c": "4waSgw==", "crc64nvme": "rosUhgp5mIg=",
		"sha1": "98O8HYCOBHMq32eZZczDTKeuNEE=", "sha256": "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
		"crc7": "",
	} {
		r := request("PUT", bucket+"/k", "")
		r.Header.Set("X-Amz-Trailer", "x-amz-checksum-"+kind)
		r.Header.Set("X-Amz-Decoded-Content-Length", "9")
		signer("s3", session).Header(r, sign.StreamingTrailer)
		head := r.Header.Clone()
		for value, ok := range map[string]bool{want: want != "", "AAAA": false} {
			r := r.Clone(t.Context())
			r.Header = head
			body("9\r\n123456789\r\n0\r\nx-amz-checksum-" + kind + ":" + value + "\r\n\r\n")(r)
			if err := verify(r, lookup(session), now); (err == nil) != ok {
				t.Errorf("%s %q: %v", kind, value, err)
			}
		}
	}
}

// A body of known length fails before its last bytes are out, so that no proxy passes a
// whole body on that was not signed.
func TestWithholdsTheEnd(t *testing.T) {
	r := signed("s3", session, "PUT", bucket+"/k", "data")
	body("dada")(r)
	s, err := sigv4.Verify(r, lookup(session), now)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(iotest.OneByteReader(s.Check(r.Body)))
	if string(got) != "dad" || err == nil {
		t.Errorf("read %q and %v, want all but the last byte and an error", got, err)
	}
}
