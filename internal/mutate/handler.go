package mutate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"time"

	"github.com/go-logr/logr"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// Of a review, in bytes. The API server takes objects of up to 3 MiB, and the review of
// an update holds two. What is allocated before it has arrived is bounded, since anybody
// in the cluster may announce a length and send nothing.
const (
	maxBody     = 7 << 20
	maxForeseen = 64 << 10 // more than nearly every review
)

// The outcomes of a request.
const (
	Patched   = "patched"
	Unchanged = "unchanged"
	Refused   = "refused"   // a mistake in the object, told to its author
	Malformed = "malformed" // not a request that the API server should send
	Busy      = "busy"      // one more long review than are answered at once
)

// A Handler answers admission reviews over HTTP. The zero value works.
type Handler struct {
	Options Options
	Log     logr.Logger
	Observe func(outcome string, d time.Duration) // called after each request, if not nil
}

// Mutate answers for pods: it patches those that opted in, and takes the label and the
// status off those that did not.
func (h *Handler) Mutate() http.Handler { return h.serve(h.mutate) }

// Validate answers for workloads: it refuses what Mutate would refuse of their pods,
// and patches nothing.
func (h *Handler) Validate() http.Handler { return h.serve(h.validate) }

type answerFunc func(ctx context.Context, r *request) (*response, error)

func (h *Handler) serve(answer answerFunc) http.Handler {
	s := make(slots, maxLong)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		outcome, err := h.respond(w, r, s, answer)
		if err != nil {
			h.Log.Info("admission request not answered", "outcome", outcome, "reason", err.Error(), "remote", r.RemoteAddr)
		}
		if h.Observe != nil {
			h.Observe(outcome, time.Since(start))
		}
	})
}

// respond answers one request. The error is for the log.
func (h *Handler) respond(w http.ResponseWriter, r *http.Request, s slots, answer answerFunc) (string, error) {
	if long(r) {
		if !s.take(r.Context()) {
			err := fmt.Errorf("%d reviews longer than %d bytes are being answered: try again", maxLong, maxForeseen)
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return Busy, err
		}
		defer s.leave()
	}
	body, code, err := read(w, r)
	if err != nil {
		http.Error(w, err.Error(), code)
		return Malformed, err
	}
	req, err := decodeReview(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return Malformed, err
	}
	resp, err := answer(r.Context(), req)
	if err != nil {
		resp = reject("%s", err)
	}
	out, err := encode(req.UID, resp)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return Malformed, err
	}
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(out); err != nil {
		return outcome(resp), fmt.Errorf("writing the answer: %w", err)
	}
	h.log(req, resp)
	return outcome(resp), nil
}

// read returns the body of r, or the HTTP status for what is wrong with it.
func read(w http.ResponseWriter, r *http.Request) (body []byte, code int, err error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, http.StatusMethodNotAllowed, fmt.Errorf("method %s: want POST", r.Method)
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return nil, http.StatusUnsupportedMediaType, fmt.Errorf("content type %s: want application/json", endpoints.Quote(r.Header.Get("Content-Type")))
	}
	var b bytes.Buffer
	b.Grow(int(min(max(r.ContentLength, 0), maxForeseen)) + bytes.MinRead)
	_, err = b.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("body longer than %d bytes", maxBody)
	case err != nil:
		return nil, http.StatusBadRequest, fmt.Errorf("reading the body: %w", err)
	}
	return b.Bytes(), http.StatusOK, nil
}

func outcome(r *response) string {
	switch {
	case r.Allowed && r.Patch != nil:
		return Patched
	case r.Allowed:
		return Unchanged
	case r.Status.Code == http.StatusBadRequest:
		return Malformed
	}
	return Refused
}

func (h *Handler) log(req *request, resp *response) {
	log := h.Log
	if resp.Allowed {
		log = log.V(1)
	}
	if !log.Enabled() {
		return
	}
	facts := []any{"outcome", outcome(resp), "kind", req.Kind.Kind, "namespace", req.Namespace, "uid", req.UID}
	if resp.Status != nil {
		facts = append(facts, "reason", resp.Status.Message)
	}
	log.Info("admission request answered", facts...)
}
