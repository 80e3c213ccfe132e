package sdkv1

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/aws/aws-sdk-go/aws"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
)

// Config says how AWS is called: InMesh, Endpoint, Label and more. The zero value
// means outside of the mesh.
type Config = inmesh.Config

// FromEnv returns the Config that the webhook tells this process. With an error comes
// the zero Config.
func FromEnv() (Config, error) { return inmesh.FromEnv() }

// AwsConfig returns an aws.Config that calls AWS as cfg says. Change it as you like,
// but see the package's "What not to do". In the mesh its HTTPClient has a transport of
// its own, made from http.DefaultTransport if that is an http.Transport: call AwsConfig
// once, and share what it returns, as its connections.
//
// If cfg cannot be right, every request is refused with the error that
// [inmesh.Config.Resolve] has, and [AwsSession] returns it at once. Where cfg.Logger is
// set, it gets the SDK's own messages too: what aws.LogDebug asks for shows signatures.
func AwsConfig(cfg Config) *aws.Config {
	config := aws.NewConfig()
	if cfg.Endpoint != "" {
		config.WithEndpoint(cfg.Endpoint)
	}
	if cfg.Logger != nil {
		config.WithLogger(logger{cfg.Logger})
	}
	if cfg.InMesh {
		config.WithHTTPClient(newClient(cfg))
	}
	return config
}

// A logger is Config.Logger in the form of the SDK's.
type logger struct{ to *slog.Logger }

// Log is what the SDK calls.
func (l logger) Log(args ...any) {
	l.to.Info("aws-sdk-go", "message", strings.TrimSuffix(fmt.Sprintln(args...), "\n"))
}

func loggerOf(l aws.Logger) *slog.Logger {
	if ours, ok := l.(logger); ok {
		return ours.to
	}
	return slog.Default()
}
