package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/aws-mesh/aws-mesh/certs"
)

// A server is controller-runtime's webhook server with an HTTP server of our own: theirs
// has no limit for reading a body or writing an answer, and ends the contexts of the
// requests in flight when it is told to shut down.
type server struct {
	webhook.Server
	addr     string
	serving  certs.Source
	draining <-chan struct{}
}

// The manifests have the API server wait 5 s for an answer, which is 10 s by default: a
// request that takes longer has nobody left who waits for it.
const (
	headerTimeout   = 5 * time.Second
	requestTimeout  = 10 * time.Second
	idleTimeout     = 90 * time.Second // as long as the API server keeps a connection
	shutdownTimeout = 15 * time.Second
)

// Start serves until ctx is done and every request in flight is answered.
func (s *server) Start(ctx context.Context) error {
	srv := &http.Server{
		Addr:              s.addr,
		Handler:           s.drain(s.WebhookMux()),
		TLSConfig:         tlsConfig(s.serving),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      requestTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          errorLog(),
	}
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("admission server: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.ServeTLS(listener, "", "") }()
	select {
	case err := <-ended:
		return fmt.Errorf("admission server: %w", err)
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	return srv.Shutdown(ctx)
}

// drain has API servers leave connection by connection while this replica is ending:
// a connection that is closed only when idle may be closed under a request.
func (s *server) drain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-s.draining:
			w.Header().Set("Connection", "close")
		default:
		}
		next.ServeHTTP(w, r)
	})
}

// tlsConfig serves what serving gives. API servers speak HTTP/1.1 to webhooks, so that
// they spread requests over replicas (https://issue.k8s.io/75791): HTTP/2 would be there
// for others only.
func tlsConfig(serving certs.Source) *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: serving,
	}
}

// errorLog takes what net/http has to say of connections: scanners and probes, mostly.
func errorLog() *log.Logger {
	return slog.NewLogLogger(logr.ToSlogHandler(ctrl.Log.WithName("admission")), slog.LevelDebug)
}
