package mutate

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"gomodules.xyz/jsonpatch/v2"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// The one form of review that is answered, and echoed.
const (
	reviewVersion = "admission.k8s.io/v1"
	reviewKind    = "AdmissionReview"
)

// The operations of an admission request.
const (
	opCreate  = "CREATE"
	opUpdate  = "UPDATE"
	opDelete  = "DELETE"
	opConnect = "CONNECT"
)

// A request is what has to be read of an admission request.
type request struct {
	UID         string         `json:"uid"`
	Kind        groupKind      `json:"kind"`
	Resource    groupResource  `json:"resource"`
	SubResource string         `json:"subResource"`
	Namespace   string         `json:"namespace"`
	Operation   string         `json:"operation"`
	ObjectAt    span           `json:"object"`
	OldObjectAt span           `json:"oldObject"`
	Object      jsontext.Value `json:"-"`
	OldObject   jsontext.Value `json:"-"`
}

// A span is where a value is in the body of a review, so that it need not be copied.
type span struct{ start, end int64 }

// UnmarshalJSONFrom notes where the next value is.
func (s *span) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	s.end = d.InputOffset()
	s.start = s.end - int64(len(v))
	return err
}

type groupKind struct {
	Group string `json:"group"`
	Kind  string `json:"kind"`
}

type groupResource struct {
	Group    string `json:"group"`
	Version  string `json:"version"`
	Resource string `json:"resource"`
}

type review struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Request    *request  `json:"request,omitzero"`
	Response   *response `json:"response,omitzero"`
}

type response struct {
	UID       string   `json:"uid"`
	Allowed   bool     `json:"allowed"`
	Status    *status  `json:"status,omitzero"`
	PatchType string   `json:"patchType,omitzero"`
	Patch     []byte   `json:"patch,omitempty"` // base64
	Warnings  []string `json:"warnings,omitempty"`
}

type status struct {
	Message string `json:"message"`
	Reason  string `json:"reason"`
	Code    int    `json:"code"`
}

// decodeReview reads a review. Its error is for whoever called, as without a request
// there is no uid to answer to.
func decodeReview(body []byte) (*request, error) {
	var r review
	if err := decode(body, &r); err != nil {
		return nil, fmt.Errorf("not an AdmissionReview: %w", err)
	}
	switch {
	case r.APIVersion != reviewVersion || r.Kind != reviewKind:
		return nil, fmt.Errorf("%s %s: only %s %s is answered", endpoints.Quote(r.APIVersion), endpoints.Quote(r.Kind), reviewVersion, reviewKind)
	case r.Request == nil:
		return nil, errors.New("the AdmissionReview has no request")
	case r.Request.UID == "":
		return nil, errors.New("the request of the AdmissionReview has no uid")
	}
	object, old := r.Request.ObjectAt, r.Request.OldObjectAt
	r.Request.Object, r.Request.OldObject = body[object.start:object.end], body[old.start:old.end]
	return r.Request, nil
}

// untouched reports whether requests like r never concern an object's content.
func (r *request) untouched() bool {
	return r.SubResource != "" || r.Operation == opDelete || r.Operation == opConnect
}

func allow(patch []jsonpatch.Operation, warnings []string) (*response, error) {
	r := &response{Allowed: true, Warnings: warnings}
	if len(patch) == 0 {
		return r, nil
	}
	b, err := json.Marshal(patch)
	r.PatchType, r.Patch = "JSONPatch", b
	return r, err
}

// refuse answers a mistake of the object's author.
func refuse(err error) *response {
	return &response{Status: &status{Message: err.Error(), Reason: "Invalid", Code: http.StatusUnprocessableEntity}}
}

// reject answers a request that should never have been sent here.
func reject(format string, args ...any) *response {
	return &response{Status: &status{Message: fmt.Sprintf(format, args...), Reason: "BadRequest", Code: http.StatusBadRequest}}
}

// encode writes the answer to the request with uid.
func encode(uid string, r *response) ([]byte, error) {
	r.UID = uid
	return json.Marshal(review{APIVersion: reviewVersion, Kind: reviewKind, Response: r})
}
