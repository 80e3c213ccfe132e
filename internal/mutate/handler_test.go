package mutate_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"

	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

const optedIn = `{"metadata":{"name":"web","annotations":{"aws-mesh/services":"dynamodb","aws-mesh/region":"eu-west-1"}},"spec":{"containers":[{"name":"web"}]}}`

// TestHTTP sends what is not a review of ours: an HTTP error, and no panic.
func TestHTTP(t *testing.T) {
	review, err := os.ReadFile("testdata/review-optin.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, method, contentType, body string
		code                            int
	}{
		{"method", http.MethodGet, "application/json", "", http.StatusMethodNotAllowed},
		{"no content type", http.MethodPost, "", "{}", http.StatusUnsupportedMediaType},
		{"content type", http.MethodPost, "application/yaml", "{}", http.StatusUnsupportedMediaType},
		{"content type with charset", http.MethodPost, "application/json; charset=utf-8", string(review), http.StatusOK},
		{"empty", http.MethodPost, "application/json", "", http.StatusBadRequest},
		{"null", http.MethodPost, "application/json", "null", http.StatusBadRequest},
		{"list", http.MethodPost, "application/json", "[]", http.StatusBadRequest},
		{"truncated", http.MethodPost, "application/json", string(review[:len(review)/2]), http.StatusBadRequest},
		{"trailing", http.MethodPost, "application/json", string(review) + "{}", http.StatusBadRequest},
		{"no request", http.MethodPost, "application/json", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`, http.StatusBadRequest},
		{"null request", http.MethodPost, "application/json", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":null}`, http.StatusBadRequest},
		{"no uid", http.MethodPost, "application/json", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{}}`, http.StatusBadRequest},
		{"v1beta1", http.MethodPost, "application/json", `{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{"uid":"u"}}`, http.StatusBadRequest},
		{"kind", http.MethodPost, "application/json", `{"apiVersion":"admission.k8s.io/v1","kind":"Pod","request":{"uid":"u"}}`, http.StatusBadRequest},
		{"too long", http.MethodPost, "application/json", strings.Repeat(" ", 7<<20) + "{}", http.StatusRequestEntityTooLarge},
	} {
		h := &mutate.Handler{Options: mutate.Options{DefaultRegion: "eu-west-1"}}
		for side, handler := range map[string]http.Handler{"mutate": h.Mutate(), "validate": h.Validate()} {
			if side == "validate" && tt.code == http.StatusOK {
				continue
			}
			r := httptest.NewRequest(tt.method, "/", strings.NewReader(tt.body))
			r.Header.Set("Content-Type", tt.contentType)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != tt.code {
				t.Errorf("%s, %s: HTTP %d %s, want %d", side, tt.name, w.Code, w.Body, tt.code)
			}
		}
	}
}

// TestAnnouncedLength announces as long a body as is read, and sends one byte of it: what
// that costs must not be what was announced.
func TestAnnouncedLength(t *testing.T) {
	const requests, most = 50, 1 << 20
	h := (&mutate.Handler{}).Mutate()
	all := allocated(func() {
		for range requests {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{"))
			r.Header.Set("Content-Type", "application/json")
			r.ContentLength = 7 << 20
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
	})
	if each := all / requests; each > most {
		t.Errorf("%d bytes allocated for a byte, want at most %d", each, most)
	}
}

// TestRequests sends reviews of which the operation, the resource or the object is
// special.
func TestRequests(t *testing.T) {
	pods := map[string]string{"version": "v1", "resource": "pods"}
	forged := `{"metadata":{"labels":{"aws-mesh/egress":"true"},"annotations":{"aws-mesh/status":"{}"}},"spec":{"containers":[]}}`
	for _, tt := range []struct {
		name    string
		request map[string]any
		allowed bool
		patch   string // or a part of the message or the warning
	}{
		{"another resource", map[string]any{"operation": "CREATE", "resource": map[string]string{"group": "apps", "version": "v1", "resource": "deployments"}, "object": raw(optedIn)}, false, "only v1 pods are answered"},
		{"no resource", map[string]any{"operation": "CREATE", "object": raw(optedIn)}, false, "only v1 pods are answered"},
		{"no operation", map[string]any{"resource": pods, "object": raw(optedIn)}, false, `operation "": want CREATE`},
		{"subresource", map[string]any{"operation": "UPDATE", "resource": pods, "subResource": "ephemeralcontainers", "object": raw(optedIn)}, true, ""},
		{"delete", map[string]any{"operation": "DELETE", "resource": pods, "object": nil, "oldObject": raw(forged)}, true, ""},
		{"connect", map[string]any{"operation": "CONNECT", "resource": pods, "subResource": "exec", "object": raw(`{"kind":"PodExecOptions"}`)}, true, ""},
		{"no object", map[string]any{"operation": "CREATE", "resource": pods}, false, "not a pod"},
		{"object of another shape", map[string]any{"operation": "CREATE", "resource": pods, "object": raw(`{"spec":{"containers":"none"}}`)}, false, "spec.containers is a string, not a list"},
		{"dry run", map[string]any{"operation": "CREATE", "resource": pods, "object": raw(optedIn), "dryRun": true}, true, "AWS_MESH_IN_MESH"},
		{"update", map[string]any{"operation": "UPDATE", "resource": pods, "object": raw(optedIn), "oldObject": raw(`{}`)}, true, ""},
	} {
		tt.request["uid"] = tt.name
		resp := send(t, (&mutate.Handler{}).Mutate(), tt.request)
		got := string(resp.Patch) + resp.Status.Message + strings.Join(resp.Warnings, "")
		if resp.Allowed != tt.allowed || !strings.Contains(got, tt.patch) || (tt.patch == "" && got != "") {
			t.Errorf("%s: allowed %v, %s, want %v, %s", tt.name, resp.Allowed, got, tt.allowed, tt.patch)
		}
		if (resp.PatchType == "JSONPatch") != (resp.Patch != nil) {
			t.Errorf("%s: patch type %q with patch %s", tt.name, resp.PatchType, resp.Patch)
		}
	}
}

func raw(s string) json.RawMessage { return json.RawMessage(s) }

// TestLongAnnotation refuses a value of 1 MiB without repeating it.
func TestLongAnnotation(t *testing.T) {
	pod := fmt.Sprintf(`{"metadata":{"name":"web","annotations":{"aws-mesh/services":%q}},"spec":{"containers":[{"name":"web"}]}}`,
		strings.Repeat("dynamodb,", 1<<20/9))
	r, _ := admit(t, (&mutate.Handler{}).Mutate(), []byte(pod), "shop")
	want := `pod "web": annotation aws-mesh/services: 1048572 bytes long (limit 16384)`
	if r.Allowed || r.Message != want {
		t.Errorf("allowed %v, %.200s, want %s", r.Allowed, r.Message, want)
	}
}

// TestObserved sees the outcome of each request, and in the log what was refused, but
// no value of a variable.
func TestObserved(t *testing.T) {
	var log bytes.Buffer
	var outcomes []string
	h := &mutate.Handler{
		Log: funcr.New(func(_, line string) { log.WriteString(line + "\n") }, funcr.Options{Verbosity: 1}),
		Observe: func(outcome string, d time.Duration) {
			if d <= 0 {
				t.Errorf("%s took %v", outcome, d)
			}
			outcomes = append(outcomes, outcome)
		},
	}
	secret := strings.Replace(optedIn, `{"name":"web"}]`, `{"name":"web","env":[{"name":"AWS_SECRET_ACCESS_KEY","value":"hunter2"}]}]`, 1)
	send(t, h.Mutate(), creation([]byte(secret), "shop"))
	send(t, h.Mutate(), creation([]byte(`{}`), "shop"))
	send(t, h.Mutate(), creation([]byte(strings.Replace(secret, "dynamodb", "dynamo", 1)), "shop"))
	post(h.Mutate(), []byte("{"))
	if got, want := strings.Join(outcomes, " "), "patched unchanged refused malformed"; got != want {
		t.Errorf("outcomes %s, want %s", got, want)
	}
	if !strings.Contains(log.String(), `unknown AWS service`) || strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log says\n%s", log.String())
	}
}
