package main

import (
	"cmp"
	"context"
	"errors"
	"net/url"

	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/smithy-go"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
)

// An order is what a call is to do.
type order struct {
	bucket string // of S3
	host   string // what is sent as Host, after another was signed; empty: the same
}

// calls are what can be called, by SDK and service, such as "v1/s3".
type calls map[string]func(context.Context, order) error

func newCalls(ctx context.Context) (calls, error) {
	c := calls{}
	return c, errors.Join(c.addV1(), c.addV2(ctx))
}

// An Outcome is what an application was told.
type Outcome struct {
	Code  string `json:",omitempty"` // AWS's, if it is AWS that refused
	Kind  string `json:",omitempty"` // of the error of package inmesh, if it is one
	Cure  string `json:",omitempty"` // what that says to do
	Error string `json:",omitempty"`
}

func (c calls) do(ctx context.Context, q url.Values) Outcome {
	call := c[q.Get("sdk")+"/"+q.Get("service")]
	if call == nil {
		return Outcome{Error: "give sdk=v1, v2 or plain, and service=dynamodb or s3"}
	}
	err := call(ctx, order{bucket: cmp.Or(q.Get("bucket"), "orders"), host: q.Get("host")})
	if err == nil {
		return Outcome{}
	}
	o := Outcome{Error: err.Error()}
	if e := (*inmesh.Error)(nil); errors.As(err, &e) {
		o.Kind, o.Cure = e.Kind.Error(), e.Cure
	}
	var v1 awserr.RequestFailure
	var v2 smithy.APIError
	switch {
	case errors.As(err, &v1):
		o.Code = v1.Code()
	case errors.As(err, &v2):
		o.Code = v2.ErrorCode()
	}
	return o
}
