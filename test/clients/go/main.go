// Command go calls AWS with the plain SDKs for Go, without our packages.
//
//	PORT=8080 go -sdk v2
//	curl 'localhost:8080/call?case=dynamodb/ListTables'
//
// A call runs one case and answers with JSON, {"ok": true, "value": "..."} or
// {"ok": false, "error": "..."}.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

const (
	bucket      = "clients-go"
	accessPoint = "arn:aws:s3:eu-west-1:123456789012:accesspoint/" + bucket
	callTimeout = 2 * time.Minute
)

// cases are calls by name; what they return is for the reader.
type cases map[string]func(context.Context) (any, error)

type answer struct {
	OK    bool   `json:"ok"`
	Value string `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
}

func main() {
	sdk := flag.String("sdk", "v2", "`version` of the SDK: v1 or v2")
	flag.Parse()
	all := v2()
	if *sdk == "v1" {
		all = v1()
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, len(all), "cases") })
	mux.Handle("GET /call", all)
	server := &http.Server{Addr: ":" + os.Getenv("PORT"), Handler: mux, ReadHeaderTimeout: time.Minute}
	log.Fatal(server.ListenAndServe())
}

func (c cases) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	defer cancel()
	run, known := c[r.FormValue("case")]
	if !known {
		http.Error(w, fmt.Sprintf("no case %q", r.FormValue("case")), http.StatusNotFound)
		return
	}
	a := answer{OK: true}
	if value, err := run(ctx); err != nil {
		a = answer{Error: err.Error()}
	} else {
		a.Value = fmt.Sprint(value)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a)
}
