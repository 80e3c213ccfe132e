// Package app is what applications with either SDK have in common: their input, and the
// bodies of objects.
package app

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh/trace"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// An Input is what an application is told.
type Input struct {
	Feature string // what it is to do
	SDK     string // "v1" or "v2"

	// Run is a prefix for the names of what the application creates in AWS.
	Run string

	// Plain has it use the SDK alone, as applications do that know of no mesh.
	Plain bool

	Region string // of the calls, if it is not that of the environment
	Host   string // one that is not of the mesh, with or without a port
	Bundle string // certificates, PEM, for BundleFile
	Wait   int    // for a message, in seconds
	Size   int64  // of a large object, in bytes
}

// A Call is one thing that an application does. It says what it saw, in words that are
// the same wherever it runs.
type Call func(ctx context.Context, in Input) (string, error)

// Name returns a name for something in AWS, good also for buckets.
func (in Input) Name(what string) string { return in.Run + "-" + what }

// ErrNotInMesh says that the environment is not that of a pod of the mesh, so nothing
// would be tested.
var ErrNotInMesh = errors.New("the webhook's environment says that this is not in the mesh")

// The trace headers of the request that an application serves.
const (
	Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	RequestID   = "3f0e8a5c-9f0a-4c3e-8c55-0d2a8f1f3a11"
	TraceID     = "80f198ee56343ba864fe8b2a57d3eff7" // of B3
)

// Traced calls f as the handler of an incoming request that has trace headers.
func Traced(ctx context.Context, f func(context.Context)) {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/orders", nil)
	r.Header.Set("Traceparent", Traceparent)
	r.Header.Set("X-Request-Id", RequestID)
	r.Header.Set("X-B3-Traceid", TraceID)
	r.Header.Set("Authorization", "Bearer "+aws.WebIdentityToken) // is not for AWS
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { f(r.Context()) })
	trace.Middleware(handler).ServeHTTP(httptest.NewRecorder(), r)
}

// Where applications find what Kubernetes, or a person, would put there.
const (
	WebIdentityTokenFile = "/dev/shm/web-identity-token"
	PodIdentityTokenFile = "/dev/shm/pod-identity-token"
	ConfigFile           = "/dev/shm/config"
	BundleFile           = "/dev/shm/bundle.pem"
)

const config = `[default]
role_arn = ` + aws.RoleARN + `
source_profile = user

[profile user]
aws_access_key_id = ` + aws.AccessKeyID + `
aws_secret_access_key = ` + aws.SecretAccessKey + `
`

// WriteFiles puts the tokens of the service account, the user's configuration and the
// certificates where the environment says that they are.
func (in Input) WriteFiles() error {
	return errors.Join(
		os.WriteFile(WebIdentityTokenFile, []byte(aws.WebIdentityToken), 0o600),
		os.WriteFile(PodIdentityTokenFile, []byte(aws.PodIdentityToken), 0o600),
		os.WriteFile(ConfigFile, []byte(config), 0o600),
		os.WriteFile(BundleFile, []byte(in.Bundle), 0o600),
	)
}

// Trusted says what came of a call to a server that may not be trusted.
func Trusted(err error) string {
	switch {
	case err == nil:
		return "works"
	case strings.Contains(err.Error(), "x509: certificate signed by unknown authority"):
		return "unknown authority"
	}
	return err.Error()
}
