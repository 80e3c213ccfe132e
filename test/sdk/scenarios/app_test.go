package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go/aws/awserr"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

func TestMain(m *testing.M) {
	call := clients{}.call
	stage.Main(m, stage.Apps{
		"call":      stage.App(call),
		"denied":    stage.App(denied(call)),
		"load":      stage.App(load),
		"intercept": stage.App(checkConnections),
	})
}

// An order is one call that an application makes.
type order struct {
	SDK    string // "v1" or "v2"
	Token  string // goes along in the User-Agent
	Bucket string // S3: list this bucket. Empty: list the tables of DynamoDB
	Head   bool   // S3: ask with HEAD whether there is the bucket
	Keep   bool   // use the client of the last order, and so its connections
	Close  bool   // the connection after the call

	UseTLS     bool // where it is not intercepted
	TrustRoute bool
	Wait       bool // for a route that is on its way
	Attempts   int  // 0 means 1
}

// An outcome is what the application was told.
type outcome struct {
	Error  string // empty: none
	Status int    // of an error that is an answer of AWS

	Kind         string // of the *inmesh.Error that errors.As finds
	Host         string
	Reason, Cure string
	Flaw         string // what is wrong with how the error can be found
}

// answered reports whether AWS did.
func (o outcome) answered() bool { return o.Error == "" || o.Status > 0 && o.Kind == "" }

// A client makes one call.
type client func(ctx context.Context, o order) error

// clients are those of an application, by SDK.
type clients map[string]client

func (c clients) call(ctx context.Context, o order) (outcome, error) {
	if c[o.SDK] == nil || !o.Keep {
		made, err := newClient(o)
		if err != nil {
			return outcome{}, err
		}
		c[o.SDK] = made
	}
	return describe(c[o.SDK](ctx, o)), nil
}

func newClient(o order) (client, error) {
	c, err := inmesh.FromEnv()
	if err != nil {
		return nil, err
	}
	c.Label, c.TrustRoute = "scenarios", o.TrustRoute
	if o.UseTLS {
		c.NotIntercepted = inmesh.UseTLS
	}
	if !o.Wait {
		c.RouteWait = -1
	}
	if o.SDK == "v1" {
		return newV1(c, max(o.Attempts, 1))
	}
	return newV2(c, max(o.Attempts, 1))
}

var kinds = map[string]error{
	"not-intercepted": inmesh.ErrNotIntercepted,
	"no-route":        inmesh.ErrNoRoute,
	"plaintext-sent":  inmesh.ErrPlaintextSent,
	"plain-http":      inmesh.ErrPlainHTTP,
	"blocked":         inmesh.ErrBlocked,
	"upstream":        inmesh.ErrUpstream,
}

func describe(err error) (o outcome) {
	if err == nil {
		return o
	}
	o.Error, o.Status = err.Error(), status(err)
	e, ok := errors.AsType[*inmesh.Error](err)
	if !ok {
		return o
	}
	o.Host, o.Reason, o.Cure = e.Host, e.Reason, e.Cure
	for name, kind := range kinds {
		if errors.Is(e, kind) {
			o.Kind = name
		}
	}
	if !errors.Is(err, kinds[o.Kind]) {
		o.Flaw = "errors.Is does not find the kind"
	}
	if v1, ok := errors.AsType[awserr.Error](err); ok && !errors.Is(v1.OrigErr(), kinds[o.Kind]) {
		o.Flaw = "OrigErr does not lead to the kind"
	}
	return o
}

func (o outcome) String() string {
	text, _ := json.Marshal(o)
	return string(text)
}
