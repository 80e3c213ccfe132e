package mutate_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// BenchmarkHandler measures bytes in → bytes out, beside json.Valid on the same bytes.
// Run it with -cpu 1.
func BenchmarkHandler(b *testing.B) {
	for _, name := range []string{"review-optin.json", "review-optin700.json"} {
		body, err := os.ReadFile("testdata/" + name)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/valid", func(b *testing.B) {
			for b.Loop() {
				json.Valid(body)
			}
		})
		b.Run(name+"/mutate", func(b *testing.B) {
			h := (&mutate.Handler{Options: mutate.Options{DefaultRegion: "eu-west-1"}}).Mutate()
			w := post(h, body)
			if w.Code != http.StatusOK {
				b.Fatal(w.Body)
			}
			b.ReportAllocs()
			for b.Loop() {
				post(h, body)
			}
			b.ReportMetric(float64(len(patchOf(b, w))), "patch-B")
		})
	}
}

func post(h http.Handler, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/mutate", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func patchOf(tb testing.TB, w *httptest.ResponseRecorder) []byte {
	tb.Helper()
	var review struct {
		Response struct{ Patch []byte }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &review); err != nil {
		tb.Fatal(err)
	}
	return review.Response.Patch
}
