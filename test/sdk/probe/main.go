// Command probe is an application of the mesh that does what an honest one would not. It
// calls AWS with the SDKs, but may send another Host than it has signed; and it calls
// anything else, in its own TLS or none, and tells what it saw.
//
//	probe --listen :8080
//	curl 'localhost:8080/call?sdk=v2&service=s3&bucket=orders&host=invoices.s3.eu-west-1.amazonaws.com'
//	curl 'localhost:8080/fetch?url=http://198.51.100.10:443/&host=dynamodb.eu-west-1.amazonaws.com'
//	curl 'localhost:8080/dial?address=mail.example.com:25'
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1) //nolint:gocritic // the deferred stop only restores signals
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("probe", flag.ContinueOnError)
	address := flags.String("listen", ":8080", "`address` to serve at")
	if err := flags.Parse(args); err != nil {
		return err
	}
	calls, err := newCalls(ctx)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /call", answer(calls.do))
	mux.HandleFunc("GET /fetch", answer(fetch))
	mux.HandleFunc("GET /dial", answer(dial))
	server := &http.Server{Addr: *address, Handler: mux, ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// answer makes a handler of what may be asked, which gives its answer in JSON. A server
// that says nothing for a minute, or for the "patience" of the question, is silent.
func answer[T any](do func(context.Context, url.Values) T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		patience, err := time.ParseDuration(r.FormValue("patience"))
		if err != nil {
			patience = time.Minute
		}
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(do(ctx, r.Form))
	}
}
