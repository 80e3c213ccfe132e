package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// An expectation is what is to come of a call.
type expectation struct {
	Error     error // of package inmesh; nil: the call works
	Refused   bool  // it does not, and AWS sees nothing of it
	BySidecar bool  // TLS is the sidecar's; else it is the application's own
	Asks      bool  // the question for the route may leave the mesh: it tells nothing
}

// What may come of a call.
var (
	viaSidecar     = expectation{BySidecar: true}
	ownTLS         = expectation{}
	notIntercepted = expectation{Refused: true, Error: inmesh.ErrNotIntercepted}
	noRoute        = expectation{Refused: true, Error: inmesh.ErrNoRoute, Asks: true}
	unknown        = expectation{Refused: true, Error: inmesh.ErrNoRoute} // the sidecar, to a pod in which the webhook was not
	blocked        = expectation{Refused: true, Error: inmesh.ErrBlocked}
	unexplained    = expectation{Refused: true} // in words that are not ours
)

// expect has the app call AWS and looks at what came of it on all sides.
func (s space) expect(t *testing.T, a app, sdk, service string, want expectation) {
	t.Helper()
	var got outcome
	sent := -s.originated(t, a)
	records := sees(t, s.get(t, a).Status.PodIP, func() { got = s.call(t, a, sdk, service) })
	sent += s.originated(t, a)
	if want.Asks {
		records = slices.DeleteFunc(records, isQuestion)
	}
	checkOutcome(t, got, want)
	if (len(records) > 0) == want.Refused {
		t.Errorf("AWS saw %d requests, want none: %t", len(records), want.Refused)
	}
	if (sent > 0) != want.BySidecar || want.BySidecar && sent != len(records) {
		t.Errorf("the sidecar sent %d requests in TLS of its own, and AWS saw %d, want all by the sidecar: %t", sent, len(records), want.BySidecar)
	}
	for _, r := range records {
		if r.Via != aws.ViaTLS || r.SNI != r.Host || r.Verdict != aws.Valid || !strings.Contains(r.Host, service) {
			t.Errorf("AWS saw %s %s of host %q with SNI %q, via %s, signature %s %s", r.Method, r.URI, r.Host, r.SNI, r.Via, r.Verdict, r.Problem)
		}
	}
}

// checkOutcome demands that the application was told what it is to be told.
func checkOutcome(t *testing.T, got outcome, want expectation) {
	t.Helper()
	kind := ""
	if want.Error != nil {
		kind = want.Error.Error()
	}
	if got.OK == want.Refused || got.Kind != kind || want.Error != nil && got.Cure == "" {
		t.Errorf("the application got %+v, want OK %t, or an error of the kind %q with a cure", got, !want.Refused, kind)
	}
}

// isQuestion reports whether a request is no more than the question for the route.
func isQuestion(r aws.Record) bool {
	return r.Method == http.MethodHead && r.URI == "/" && r.BodyBytes == 0 && r.Verdict == aws.Unsigned && r.Header.Get(awsmesh.RouteHeader) != ""
}
