package main

import (
	"io"
	"log/slog"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
)

func (o *options) logger(w io.Writer) logr.Logger {
	return logr.FromSlogHandler(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: o.logLevel}))
}

// useLogger has the libraries log through l: client-go's and controller-runtime's
// loggers are global.
func useLogger(l logr.Logger) {
	ctrl.SetLogger(l)
	klog.SetLogger(l)
}
