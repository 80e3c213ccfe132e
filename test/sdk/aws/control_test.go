package aws_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

func TestControl(t *testing.T) {
	c := start(t)
	control := c.Control()
	do := func(method, path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		control.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		return w
	}
	if got := do("GET", "/ca.pem", "").Body.String(); got != string(c.CA()) {
		t.Errorf("/ca.pem: %q", got)
	}
	for body, status := range map[string]int{
		`{"Kind":"500","Times":1}`: http.StatusOK, `{"Kind":"nonsense"}`: http.StatusBadRequest, `{"Knd":"500"}`: http.StatusBadRequest, `[`: http.StatusBadRequest,
	} {
		if got := do("POST", "/faults", body); got.Code != status {
			t.Errorf("POST /faults %s: %d %s", body, got.Code, got.Body)
		}
	}
	c.json(user, "sqs", "AmazonSQS.X", "{}").want(t, 500, "InternalError")
	var records []aws.Record
	if err := json.Unmarshal(do("GET", "/records", "").Body.Bytes(), &records); err != nil || len(records) != 1 || records[0].Fault != "500" {
		t.Errorf("%v: %+v", err, records)
	}
	do("DELETE", "/records", "")
	if got := strings.TrimSpace(do("GET", "/records", "").Body.String()); got != "[]" {
		t.Errorf("records after a reset: %s", got)
	}
}
