package aws_test

import (
	"context"
	"encoding/json"
	"net"
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

// TestOneClient demands that records, their reset and faults can be one client's alone.
func TestOneClient(t *testing.T) {
	s := start(t)
	s.AddFault(aws.Fault{Kind: aws.ServerError, Client: "127.0.0.3"})
	call := func(from string) int {
		transport := s.http.Transport.(*http.Transport).Clone()
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext(ctx, "tcp", s.address)
		}
		defer transport.CloseIdleConnections()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://sts.eu-west-1.amazonaws.com/", strings.NewReader("Action=AssumeRoleWithWebIdentity"))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	if got := []int{call("127.0.0.2"), call("127.0.0.3")}; got[0] >= 500 || got[1] != 500 {
		t.Errorf("status %d and %d, want a fault for the second alone", got[0], got[1])
	}
	s.ResetOf("127.0.0.2")
	if got := []int{len(s.RecordsOf("127.0.0.2")), len(s.RecordsOf("127.0.0.3")), len(s.Records())}; got[0] != 0 || got[1] != 1 || got[2] != 1 {
		t.Errorf("records of the clients and of all after a reset of the first: %d, want [0 1 1]", got)
	}
	if got := call("127.0.0.3"); got != 500 {
		t.Errorf("status %d after a reset of another client, want the fault still", got)
	}
	s.ResetOf("127.0.0.3")
	if got := call("127.0.0.3"); got >= 500 {
		t.Errorf("status %d after a reset, want no fault", got)
	}
}
