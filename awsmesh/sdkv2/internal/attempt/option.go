// Package attempt sends one attempt of an AWS call: to the sidecar or, where the mesh
// does not carry it, with the SDK's own client.
//
//	sign → [the user's middleware] → attempt ─ carried ──→ the sidecar
//	                                         ╰ otherwise → the SDK's client
//
// It stands below everything that signs, retries, logs or reads a response, so all of
// that goes on as before.
package attempt

import (
	"context"
	"net/http"
	"sync"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
)

// id names both middlewares, each in its step.
const id = "aws-mesh"

// Option returns an API option that makes clients send as c says. In the mesh they
// share the connections of t, which is the option's from now on. The error is that of
// [inmesh.Config.Resolve].
func Option(c inmesh.Config, t *http.Transport) (func(*middleware.Stack) error, error) {
	c, err := c.Resolve()
	if err != nil {
		return nil, err
	}
	installed := c
	installed.NotIntercepted = inmesh.Refuse // the fallback is the SDK's client
	if err := installed.Install(t); err != nil {
		return nil, err
	}
	m := &mesh{Config: c, sidecar: smithyhttp.NewClientHandlerWithOptions(sidecar{t, c.Carries})}
	return m.add, nil
}

// A mesh is the middleware that sends.
type mesh struct {
	inmesh.Config
	sidecar smithyhttp.ClientHandler
	past    sync.Map // hosts that are called past the mesh: name → until when
}

func (m *mesh) ID() string { return id }

// add puts m into an operation's stack, in place of one that is there.
func (m *mesh) add(stack *middleware.Stack) error {
	if _, twice := stack.Initialize.Get(id); twice {
		_, _ = stack.Initialize.Remove(id)
	}
	return stack.Initialize.Add(&last{m, stack}, middleware.After)
}

// last adds the mesh when every API option has been applied, also those of a client
// and of a call: what stands below the mesh is not called for a carried request.
type last struct {
	mesh  *mesh
	stack *middleware.Stack
}

func (l *last) ID() string { return id }

func (l *last) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	if _, again := l.stack.Deserialize.Get(id); !again {
		_ = l.stack.Deserialize.Add(l.mesh, middleware.After)
	}
	return next.HandleInitialize(ctx, in)
}
