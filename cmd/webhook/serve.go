package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
)

// serve runs the webhook, and the controller if it is wanted. When either ends, both do,
// gracefully: a leader that lost its lease still answers what it is asked.
func serve(ctx context.Context, o options) error {
	cfg, err := restConfig(o.kubeconfig)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)

	admission, err := newAdmission(cfg, o, ctx.Done())
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	stopped := make(chan error, 2)
	run := func(ctx context.Context, what string, start func(context.Context) error) {
		err := start(ctx)
		if err != nil {
			err = fmt.Errorf("%s: %w", what, err)
		}
		end(err)
		stopped <- err
	}
	running := 1
	if o.egress {
		controller, err := newController(cfg, o)
		if err != nil {
			return fmt.Errorf("controller: %w", err)
		}
		running++
		go run(ctx, "controller", controller.Start)
	}
	go run(after(ctx, o.shutdownDelay), "webhook", admission.Start)

	var errs []error
	for range running {
		errs = append(errs, <-stopped)
	}
	return errors.Join(errs...)
}

// after returns a context that is done delay after ctx is.
func after(ctx context.Context, delay time.Duration) context.Context {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(delay, cancel) })
	return later
}

// restConfig reads where the API server is.
func restConfig(kubeconfig string) (*rest.Config, error) {
	if kubeconfig == "" {
		return ctrl.GetConfig()
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("--kubeconfig: %w", err)
	}
	cfg.QPS = -1 // the API server's own priority and fairness limits us
	return cfg, nil
}
