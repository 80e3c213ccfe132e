package sign

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
)

// Chunks gives r the data as a body in chunks of the size given, with or without
// signatures and a CRC32C trailer, as kind says, and signs it.
func (s Signer) Chunks(r *http.Request, kind string, data []byte, size int) {
	s.Time = s.now()
	r.Header.Set("Content-Encoding", "aws-chunked")
	r.Header.Set("X-Amz-Decoded-Content-Length", fmt.Sprint(len(data)))
	if strings.HasSuffix(kind, "-TRAILER") {
		r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32c")
	}
	s.Header(r, kind)
	_, seed, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	body := s.chunked(kind, seed, data, size)
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
}

func (s Signer) chunked(kind, previous string, data []byte, size int) []byte {
	signed, trailer := strings.HasPrefix(kind, "STREAMING-AWS4"), strings.HasSuffix(kind, "-TRAILER")
	checksum := "x-amz-checksum-crc32c:" + CRC32C(data)
	var body bytes.Buffer
	for last := false; !last; {
		chunk := data[:min(size, len(data))]
		data, last = data[len(chunk):], len(chunk) == 0
		fmt.Fprintf(&body, "%x", len(chunk))
		if signed {
			previous = s.mac("AWS4-HMAC-SHA256-PAYLOAD", s.stamp(), s.scope(), previous, Hash(nil), Hash(chunk))
			body.WriteString(";chunk-signature=" + previous)
		}
		body.WriteString("\r\n")
		if !last {
			fmt.Fprintf(&body, "%s\r\n", chunk)
		}
	}
	if trailer {
		body.WriteString(checksum + "\r\n")
	}
	if signed && trailer {
		signature := s.mac("AWS4-HMAC-SHA256-TRAILER", s.stamp(), s.scope(), previous, Hash([]byte(checksum+"\n")))
		body.WriteString("x-amz-trailer-signature:" + signature + "\r\n")
	}
	body.WriteString("\r\n")
	return body.Bytes()
}

// CRC32C is the value of the header or trailer x-amz-checksum-crc32c.
func CRC32C(data []byte) string {
	sum := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
	return base64.StdEncoding.EncodeToString([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
}
