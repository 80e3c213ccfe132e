package aws

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4"
)

// maxBody bounds the bodies that are kept in memory: all but S3's.
const maxBody = 32 << 20

// signerKey is where the context of a verified request has its access key.
type signerKey struct{}

// ServeHTTP takes one request that came over TLS from its record to its answer.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := s.records.begin(r, ViaTLS)
	w = &statusWriter{ResponseWriter: w, entry: e}
	to := parseHost(r.Host)

	signature, err := sigv4.Verify(r, s.credentials.lookup, time.Now())
	e.signed(signature, err)
	r.Body = e.watch(r.Body)
	switch {
	case err != nil && !(to.service == "sts" && isUnsigned(err)): // STS has calls that need no signature
		if home := s.stores.BucketRegion(bucketOf(r, to)); to.service == "s3" && home != "" {
			w.Header().Set("X-Amz-Bucket-Region", home) // S3 tells it to strangers too; SDKs ask for it so
		}
		refuse(w, r, to, err)
		return
	case err == nil:
		r = r.WithContext(context.WithValue(r.Context(), signerKey{}, signature.AccessKeyID))
		r.Body = e.judged(signature.Check(r.Body))
		if r.ContentLength == 0 { // nobody will read it, and Verify has
			e.judge(nil)
		}
	}
	if to.service != "s3" {
		if err := buffer(r); err != nil {
			refuse(w, r, to, err)
			return
		}
	}
	if s.suffer(w, r, to, e) {
		return
	}
	if err := rightRegion(to, signature); err != nil {
		refuse(w, r, to, err)
		return
	}
	s.services[to.service].ServeHTTP(w, r)
}

// buffer reads the whole body, so that the verdict on it is known before anybody acts.
func buffer(r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// suffer lets a fault happen, if one is due. It reports whether that was all.
func (s *Server) suffer(w http.ResponseWriter, r *http.Request, to host, e *entry) bool {
	f, ok := s.faults.take(address(r.RemoteAddr), r.Host, ServerError, Reset, Slow, Silent)
	if !ok {
		return false
	}
	e.set(func(r *Record) { r.Fault = string(f.Kind) })
	if f.Kind == Slow {
		select {
		case <-time.After(f.Delay):
			return false
		case <-r.Context().Done():
			return true
		}
	}
	drain(r)
	switch f.Kind {
	case ServerError:
		answerError(w, r, to, apiError{status: http.StatusInternalServerError, code: "InternalError", message: "a fault that the test asked for"})
	case Reset:
		resetConnection(w)
	default:
		<-r.Context().Done()
	}
	return true
}

// drain reads the body of a request that is answered without it, for the record; but it
// does not ask for a body that the client holds back.
func drain(r *http.Request) {
	if r.Header.Get("Expect") == "" {
		_, _ = io.Copy(io.Discard, r.Body) // the verdict is in the record
	}
}

func isUnsigned(err error) bool {
	var e *sigv4.Error
	return errors.As(err, &e) && e.Code == sigv4.Unsigned
}

// rightRegion reports a request that is signed for another region than its host's.
func rightRegion(to host, s *sigv4.Signature) error {
	if s == nil || to.global || s.Region == to.region {
		return nil
	}
	return &sigv4.Error{Code: sigv4.Malformed, Reason: "Credential should be scoped to a valid region: the host is in " + to.region + ", the scope names " + s.Region}
}
