package awsmesh

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// A Status is what the webhook decided about a pod and why: the value of
// [AnnotationStatus]. The controller opens the hosts that it plans, and no others:
// [Status.Plans] resolves its services again, so a forged status opens AWS hosts at
// most, as the other annotations of its author could.
type Status struct {
	InMesh    bool               `json:"inMesh"`
	Reason    string             `json:"reason"`             // for a person: why InMesh is what it is
	Waypoint  bool               `json:"waypoint,omitempty"` // the TLS is a waypoint's, not a sidecar's
	Mode      Mode               `json:"mode,omitempty"`
	Services  []string           `json:"services,omitempty"`
	Buckets   []string           `json:"s3Buckets,omitempty"`
	Endpoints []endpoints.Params `json:"endpoints,omitempty"` // the distinct ones of its containers

	// Kept names the variables of the contract that a container set itself, by
	// container: they stay as they are when the webhook is called again.
	Kept map[string][]string `json:"kept,omitempty"`
}

// String returns s as JSON.
func (s Status) String() string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // no field can fail
	}
	return string(b)
}

// ParseStatus reads the value of [AnnotationStatus]. It may come from anybody.
func ParseStatus(value string) (Status, error) {
	var s Status
	if len(value) > maxStatus {
		return Status{}, &AnnotationError{AnnotationStatus, fmt.Errorf("%d bytes long (limit %d)", len(value), maxStatus)}
	}
	if err := json.Unmarshal([]byte(value), &s); err != nil {
		return Status{}, &AnnotationError{AnnotationStatus, err}
	}
	return s, nil
}

// maxStatus is the longest status that is read, in bytes: the API server's limit for
// all annotations of an object.
const maxStatus = 256 << 10

// maxEndpoints bounds the work that one pod can cause: 3 variants in every region
// would not fill it.
const maxEndpoints = 128

// Plans resolves s again, one plan for each of its distinct endpoints. It reports what
// [ParseRequest] and [PlanFor] report.
func (s Status) Plans() ([]Plan, error) {
	var r Request
	var errs [4]error
	if len(s.Endpoints) > maxEndpoints || len(s.Buckets) > maxBuckets {
		errs[0] = fmt.Errorf("%d endpoints and %d buckets (limits %d and %d)", len(s.Endpoints), len(s.Buckets), maxEndpoints, maxBuckets)
	}
	r.Mode, errs[1] = parseMode(string(cmp.Or(s.Mode, Plaintext)))
	r.Services, errs[2] = parseEach(slices.Clone(s.Services), canonical)
	r.Buckets, errs[3] = parseEach(slices.Clone(s.Buckets), checkBucket)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, &AnnotationError{AnnotationStatus, err}
	}
	var plans []Plan
	for i, params := range s.Endpoints {
		if slices.Contains(s.Endpoints[:i], params) {
			continue
		}
		plan, err := PlanFor(r, params)
		if err != nil {
			return nil, &AnnotationError{AnnotationStatus, err}
		}
		plan.Waypoint = s.Waypoint
		plans = append(plans, plan)
	}
	return plans, nil
}
