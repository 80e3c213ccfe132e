package measure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Patch answers review once and returns the JSON patch. It reports an error if the
// handler does not allow the review, or leaves the pod as it is.
func Patch(h http.Handler, review []byte) ([]byte, error) {
	var w response
	r := newRequest()
	r.Body = nopCloser{bytes.NewReader(review)}
	r.ContentLength = int64(len(review))
	h.ServeHTTP(&w, r)
	var answer struct {
		Response struct {
			Allowed bool
			Patch   []byte
		}
	}
	if err := json.Unmarshal(w.body.Bytes(), &answer); err != nil {
		return nil, fmt.Errorf("response is no review: %w: %.200s", err, w.body.Bytes())
	}
	var operations []json.RawMessage
	if err := json.Unmarshal(answer.Response.Patch, &operations); !answer.Response.Allowed || err != nil || len(operations) == 0 {
		return nil, fmt.Errorf("the pod was not mutated: %.500s", w.body.Bytes())
	}
	return answer.Response.Patch, nil
}

func newRequest() *http.Request {
	return &http.Request{
		Method: http.MethodPost,
		URL:    &url.URL{Path: "/inject"},
		Header: http.Header{"Content-Type": {"application/json"}},
	}
}

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }

// response is an http.ResponseWriter that keeps its buffers, so that what is measured is
// the handler.
type response struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (w *response) reset() {
	clear(w.header)
	w.code = 0
	w.body.Reset()
}

func (w *response) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

func (w *response) WriteHeader(code int)        { w.code = code }
func (w *response) Write(b []byte) (int, error) { return w.body.Write(b) }
