package main

import (
	"errors"
	"net/http"
	"sync"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
)

// notDraining is the readiness check that fails as soon as the replica is told to end.
func notDraining(draining <-chan struct{}) healthz.Checker {
	return func(*http.Request) error {
		select {
		case <-draining:
			return errors.New("shutting down")
		default:
			return nil
		}
	}
}

// logged logs why check fails, once for each reason: controller-runtime's handler
// withholds it.
func logged(check healthz.Checker, log logr.Logger) healthz.Checker {
	var mu sync.Mutex
	var last string
	return func(r *http.Request) error {
		err := check(r)
		reason := ""
		if err != nil {
			reason = err.Error()
		}
		mu.Lock()
		defer mu.Unlock()
		if reason != last {
			log.Info("readiness changed", "ready", err == nil, "reason", reason)
		}
		last = reason
		return err
	}
}
