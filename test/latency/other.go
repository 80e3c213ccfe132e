package main

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"
)

// serve serves two webhooks that read no more of a review than they have to: one allows
// everything, one also adds an annotation. The server is set up like ours, TLS 1.3 and
// HTTP/1.1, so what is left between them is admission.
func serve(ctx context.Context, addr, certs string) error {
	patch := `[{"op":"add","path":"/metadata/annotations/example.com~1seen","value":"true"}]`
	mux := http.NewServeMux()
	mux.Handle("/allow", answer(""))
	mux.Handle("/annotate", answer(`,"patchType":"JSONPatch","patch":"`+base64.StdEncoding.EncodeToString([]byte(patch))+`"`))
	srv := &http.Server{
		Addr:              addr,
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       90 * time.Second,
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}},
	}
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	err := srv.ListenAndServeTLS(filepath.Join(certs, "tls.crt"), filepath.Join(certs, "tls.key"))
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// seen is the warning that comes with every answer: it tells the client that the webhook
// was asked.
const seen = "seen"

// answer allows every review, with rest in the response.
func answer(rest string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review struct {
			Request struct {
				UID string `json:"uid"`
			} `json:"request"`
		}
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":%q,"allowed":true,"warnings":[%q]%s}}`,
			review.Request.UID, seen, rest)
	})
}
