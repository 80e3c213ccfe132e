package aws

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"strings"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws/stores"
)

// s3 sends requests to the versitygw of the host's region, or elsewhere if the bucket is
// elsewhere. An access point is a bucket of the same name: NAME-ACCOUNT.
type s3 struct{ stores *stores.Stores }

func (s s3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	to := parseHost(r.Host)
	bucket := bucketOf(r, to)
	if home := s.stores.BucketRegion(bucket); home != "" && home != to.region {
		drain(r)
		redirect(w, r, to, home, bucket)
		return
	}
	if err := measure(r); err != nil {
		refuse(w, r, to, err)
		return
	}
	transport, err := s.stores.S3(r.Context(), to.region)
	forward(w, r, to, transport, err)
}

// measure gives a body without a length its length. Of one in HTTP's chunks, with AWS's in
// them, versitygw leaves the end unread, and takes it for the next request.
func measure(r *http.Request) error {
	if r.ContentLength >= 0 {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	return err
}

// bucketOf finds the bucket in the host or in the path; there may be none.
func bucketOf(r *http.Request, to host) string {
	if to.prefix != "" {
		return to.prefix
	}
	bucket, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return bucket
}

// redirect sends a client to the region of a bucket: the host without a region names the
// new place, a regional one only the region.
func redirect(w http.ResponseWriter, r *http.Request, to host, home, bucket string) {
	code, status, endpoint := "PermanentRedirect", http.StatusMovedPermanently, fmt.Sprintf("%s.s3.%s.amazonaws.com", bucket, home)
	if to.global {
		code, status = "TemporaryRedirect", http.StatusTemporaryRedirect
		location := "https://" + endpoint + r.RequestURI
		if to.prefix == "" {
			location = fmt.Sprintf("https://s3.%s.amazonaws.com%s", home, r.RequestURI)
		}
		w.Header().Set("Location", location)
	}
	w.Header().Set("X-Amz-Bucket-Region", home)
	writeXML(w, status, struct {
		XMLName                         xml.Name `xml:"Error"`
		Code, Message, Bucket, Endpoint string
		RequestID                       string `xml:"RequestId"`
	}{
		Code: code, Bucket: bucket, Endpoint: endpoint, RequestID: requestID,
		Message: "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
	})
}

// dynamodb sends requests to dynalite, whatever the region or the account.
type dynamodb struct{ stores *stores.Stores }

func (d dynamodb) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	transport, err := d.stores.DynamoDB(r.Context())
	forward(w, r, parseHost(r.Host), transport, err)
}

// forward sends a request on as it came. err is why there is no transport.
func forward(w http.ResponseWriter, r *http.Request, to host, transport http.RoundTripper, err error) {
	failed := func(w http.ResponseWriter, r *http.Request, err error) { refuse(w, r, to, err) }
	if err != nil {
		failed(w, r, err)
		return
	}
	proxy := httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = "http", "store"
			// What ReverseProxy mends may have been signed.
			p.Out.URL.RawQuery = p.In.URL.RawQuery
			for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				if values, ok := p.In.Header[name]; ok {
					p.Out.Header[name] = values
				}
			}
		},
		ErrorHandler: failed,
		ErrorLog:     log.New(io.Discard, "", 0), // the client sees it
	}
	proxy.ServeHTTP(w, r)
}
