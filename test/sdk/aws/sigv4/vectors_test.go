package sigv4_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4"
)

// The credentials of AWS's examples.
var (
	s3Example      = sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	generalExample = sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
)

func lookup(known ...sigv4.Credentials) sigv4.Lookup {
	return func(id string) (sigv4.Credentials, bool) {
		for _, c := range known {
			if c.AccessKeyID == id {
				return c, true
			}
		}
		return sigv4.Credentials{}, false
	}
}

// receive parses a request as a server does. Its lines may end with LF.
func receive(t *testing.T, head, body string) *http.Request {
	t.Helper()
	if !strings.Contains(head, "\nContent-Length: ") {
		head += fmt.Sprintf("\nContent-Length: %d", len(body))
	}
	head = strings.ReplaceAll(head, "\n", "\r\n")
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + "\r\n\r\n" + body)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// verify reads a request to its end.
func verify(r *http.Request, find sigv4.Lookup, now time.Time) error {
	s, err := sigv4.Verify(r, find, now)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, s.Check(r.Body))
	return err
}

func s3Header(headers, signature string) string {
	return fmt.Sprintf("Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=%s,Signature=%s", headers, signature)
}

func generalHeader(service, headers, signature string) string {
	return fmt.Sprintf("Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/%s/aws4_request, SignedHeaders=%s, Signature=%s", service, headers, signature)
}

const (
	emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	kib64     = 64 << 10
)

// The examples of the Amazon S3 API reference ("Signature calculations", header, query,
// chunked, trailers) and of the IAM user guide, and the test suite that AWS published.
func TestDocumentedExamples(t *testing.T) {
	s3Time := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	generalTime := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	a64, a1 := strings.Repeat("a", kib64), strings.Repeat("a", 1024)
	for _, tt := range []struct {
		name, head, body string
		at               time.Time
	}{
		{
			name: "S3 GET object",
			head: "GET /test.txt HTTP/1.1\nHost: examplebucket.s3.amazonaws.com\nRange: bytes=0-9\nx-amz-date: 20130524T000000Z\nx-amz-content-sha256: " + emptyHash + "\n" +
				s3Header("host;range;x-amz-content-sha256;x-amz-date", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
			at: s3Time,
		},
		{
			name: "S3 PUT object",
			head: "PUT /test$file.text HTTP/1.1\nHost: examplebucket.s3.amazonaws.com\nDate: Fri, 24 May 2013 00:00:00 GMT\nContent-Length: 21\nx-amz-date: 20130524T000000Z\nx-amz-storage-class: REDUCED_REDUNDANCY\n" +
				"x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072\n" +
				s3Header("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
			body: "Welcome to Amazon S3.",
			at:   s3Time,
		},
		{
			name: "S3 GET bucket lifecycle",
			head: "GET /?lifecycle HTTP/1.1\nHost: examplebucket.s3.amazonaws.com\nx-amz-date: 20130524T000000Z\nx-amz-content-sha256: " + emptyHash + "\n" +
				s3Header("host;x-amz-content-sha256;x-amz-date", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
			at: s3Time,
		},
		{
			name: "S3 GET bucket",
			head: "GET /?max-keys=2&prefix=J HTTP/1.1\nHost: examplebucket.s3.amazonaws.com\nx-amz-date: 20130524T000000Z\nx-amz-content-sha256: " + emptyHash + "\n" +
				s3Header("host;x-amz-content-sha256;x-amz-date", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
			at: s3Time,
		},
		{
			name: "S3 presigned GET",
			head: "GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
				"&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404 HTTP/1.1\nHost: examplebucket.s3.amazonaws.com",
			at: s3Time.Add(23 * time.Hour),
		},
		{
			name: "S3 PUT in chunks",
			head: "PUT /examplebucket/chunkObject.txt HTTP/1.1\nHost: s3.amazonaws.com\nx-amz-date: 20130524T000000Z\nx-amz-storage-class: REDUCED_REDUNDANCY\nContent-Encoding: aws-chunked\nContent-Length: 66824\n" +
				"x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\nx-amz-decoded-content-length: 66560\n" +
				s3Header("content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
					"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
			body: "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" + a64 + "\r\n" +
				"400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" + a1 + "\r\n" +
				"0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n",
			at: s3Time,
		},
		{
			name: "S3 PUT in chunks with a trailer",
			head: "PUT /examplebucket/chunkObject.txt HTTP/1.1\nHost: s3.amazonaws.com\nx-amz-date: 20130524T000000Z\nx-amz-storage-class: REDUCED_REDUNDANCY\nContent-Encoding: aws-chunked\n" +
				"x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER\nx-amz-decoded-content-length: 66560\nx-amz-trailer: x-amz-checksum-crc32c\n" +
				s3Header("content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
					"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"),
			body: "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" + a64 + "\r\n" +
				"400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" + a1 + "\r\n" +
				"0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n" +
				"x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n",
			at: s3Time,
		},
		{
			name: "IAM ListUsers",
			head: "GET /?Action=ListUsers&Version=2010-05-08 HTTP/1.1\nHost: iam.amazonaws.com\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\nX-Amz-Date: 20150830T123600Z\n" +
				generalHeader("iam", "content-type;host;x-amz-date", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"),
			at: generalTime,
		},
		{
			name: "get-vanilla",
			head: "GET / HTTP/1.1\nHost: example.amazonaws.com\nX-Amz-Date: 20150830T123600Z\n" +
				generalHeader("service", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
			at: generalTime,
		},
		{
			name: "get-vanilla-query-order-key-case",
			head: "GET /?Param2=value2&Param1=value1 HTTP/1.1\nHost: example.amazonaws.com\nX-Amz-Date: 20150830T123600Z\n" +
				generalHeader("service", "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
			at: generalTime,
		},
		{
			name: "get-header-value-trim",
			head: "GET / HTTP/1.1\nHost: example.amazonaws.com\nMy-Header1:  value1\nMy-Header2: \"a   b   c\"\nX-Amz-Date: 20150830T123600Z\n" +
				generalHeader("service", "host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
			at: generalTime,
		},
		{
			name: "get-slash-pointless-dot",
			head: "GET /./example HTTP/1.1\nHost: example.amazonaws.com\nX-Amz-Date: 20150830T123600Z\n" +
				generalHeader("service", "host;x-amz-date", "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
			at: generalTime,
		},
		{
			name: "get-slashes",
			head: "GET //example// HTTP/1.1\nHost: example.amazonaws.com\nX-Amz-Date: 20150830T123600Z\n" +
				generalHeader("service", "host;x-amz-date", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
			at: generalTime,
		},
		{
			name: "post-vanilla",
			head: "POST / HTTP/1.1\nHost: example.amazonaws.com\nX-Amz-Date: 20150830T123600Z\n" +
				generalHeader("service", "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
			at: generalTime,
		},
		{
			name: "post-x-www-form-urlencoded",
			head: "POST / HTTP/1.1\nHost: example.amazonaws.com\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 13\nX-Amz-Date: 20150830T123600Z\n" +
				generalHeader("service", "content-type;host;x-amz-date", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
			body: "Param1=value1",
			at:   generalTime,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := verify(receive(t, tt.head, tt.body), lookup(s3Example, generalExample), tt.at); err != nil {
				var e *sigv4.Error
				errors.As(err, &e)
				t.Errorf("%v\n%s\n%s", err, e.CanonicalRequest, e.StringToSign)
			}
		})
	}
}
