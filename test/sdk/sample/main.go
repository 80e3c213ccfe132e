// Command sample is an application that calls AWS with both SDKs for Go, in the way that
// the packages of aws-mesh ask for: its code knows of no mesh.
//
//	sample --listen :8080
//	curl 'localhost:8080/call?sdk=v2&service=dynamodb'
//	sample --once v1/dynamodb,v2/s3
//
// A call writes something and reads it back. What came of it is the answer, in JSON.
// Once is for init containers.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/trace"
)

// Names of what it uses in AWS. They are created if they are not there.
const (
	table  = "aws-mesh-sample"
	bucket = "aws-mesh-sample"
)

// callTimeout includes the time for which a new pod waits for its routes, on a machine that
// may be slow.
const callTimeout = 2 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "sample:", err)
		os.Exit(1) //nolint:gocritic // the deferred stop only restores signals
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("sample", flag.ContinueOnError)
	flags.SetOutput(stderr)
	address := flags.String("listen", ":8080", "`address` to serve at")
	list := flags.String("once", "", "`calls` to make instead of serving, such as v1/dynamodb,v2/s3")
	if err := flags.Parse(args); err != nil {
		return err
	}
	clients, err := newClients(ctx)
	if err != nil {
		return err
	}
	if *list != "" {
		return clients.once(ctx, strings.Split(*list, ","), stdout)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "GET /call?sdk=v1|v2&service=dynamodb|s3[&key=…]")
	})
	mux.Handle("GET /call", trace.Middleware(clients))
	server := &http.Server{Addr: *address, Handler: mux, ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// A call writes text under a key, of a table or a bucket, and returns what it then reads.
type call func(ctx context.Context, key, text string) (string, error)

// clients are the calls, by SDK and service, such as "v1/s3".
type clients map[string]call

func newClients(ctx context.Context) (clients, error) {
	c := clients{}
	return c, errors.Join(c.addV1(), c.addV2(ctx))
}

// An Outcome is what came of a call.
type Outcome struct {
	OK    bool
	Error string `json:",omitempty"`
	Kind  string `json:",omitempty"` // of the error of package inmesh, if it is one
	Cure  string `json:",omitempty"` // what that says to do
	Took  string
}

func (c clients) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("sdk") + "/" + r.FormValue("service")
	if c[name] == nil {
		http.Error(w, fmt.Sprintf("no call %q: give sdk=v1 or v2, and service=dynamodb or s3, or sdk=v2 and service=upload", name), http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(c.try(r.Context(), name, r.FormValue("key")))
}

// try makes a call and says what came of it. Without a key it takes one that nobody else
// has.
func (c clients) try(ctx context.Context, name, key string) Outcome {
	limit := callTimeout
	if strings.HasSuffix(name, "/upload") {
		limit += uploadTime
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	start := time.Now()
	text := "written by " + name + " at " + start.Format(time.RFC3339Nano)
	read, err := c[name](ctx, cmp.Or(key, rand.Text()), text)
	if err == nil && strings.TrimSpace(read) != text {
		err = fmt.Errorf("read back %q, not what was written", read)
	}
	o := describe(err)
	o.Took = time.Since(start).Round(time.Millisecond).String()
	return o
}

func describe(err error) Outcome {
	if err == nil {
		return Outcome{OK: true}
	}
	o := Outcome{Error: err.Error()}
	if e := (*inmesh.Error)(nil); errors.As(err, &e) {
		o.Kind, o.Cure = e.Kind.Error(), e.Cure
	}
	return o
}
