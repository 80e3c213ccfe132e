// Package services has small AWS services that keep everything in memory: SQS, Kinesis
// and Secrets Manager, in their JSON protocol, with the calls that the tests make.
package services

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// An operation is one call of a service's API.
type operation func(r *http.Request) (any, error)

// call adapts a function on the input and output of a call.
func call[In, Out any](f func(ctx context.Context, host string, in In) (Out, error)) operation {
	return func(r *http.Request) (any, error) {
		var in In
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			return nil, &apiError{"SerializationException", err.Error()}
		}
		return f(r.Context(), r.Host, in)
	}
}

// An apiError is an error as AWS answers it.
type apiError struct{ code, message string }

func (e *apiError) Error() string { return e.code + ": " + e.message }

// service finds the operation in the header X-Amz-Target: "AmazonSQS.SendMessage".
type service map[string]operation

func (s service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := r.Header.Get("X-Amz-Target")
	var out any
	var err error
	if op, ok := s[target[strings.LastIndex(target, ".")+1:]]; ok {
		out, err = op(r)
	} else {
		err = &apiError{"UnknownOperationException", fmt.Sprintf("no operation %q here", target)}
	}
	status := http.StatusOK
	if err != nil {
		e := &apiError{"InternalFailure", err.Error()}
		errors.As(err, &e)
		status, out = http.StatusBadRequest, map[string]string{"__type": e.code, "message": e.message}
		w.Header().Set("X-Amzn-ErrorType", e.code)
	}
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	w.Header().Set("X-Amzn-RequestId", "00000000-0000-4000-8000-000000000000")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out)
}

// none is the output of calls that have none.
type none struct{}
