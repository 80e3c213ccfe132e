package sdkv2

import (
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2/internal/attempt"
)

// A Config says how AWS is called. The zero value means outside of the mesh: the
// SDK's own HTTPS.
type Config = inmesh.Config

// FromEnv returns the Config that aws-mesh's webhook tells this process. With an error
// comes the zero Config, so a mistake never means plaintext.
func FromEnv() (Config, error) { return inmesh.FromEnv() }

// WithMesh returns an option for [config.LoadDefaultConfig]: every client made from
// the aws.Config that it returns, also those that fetch credentials, calls AWS as cfg
// says. All of them share one pool of connections to the sidecar.
//
// If cfg cannot be right, LoadDefaultConfig returns an error that says what to set.
// Given twice, the last one counts.
func WithMesh(cfg Config) func(*config.LoadOptions) error {
	return func(o *config.LoadOptions) error {
		option, err := attempt.Option(cfg, attempt.Transport())
		if err != nil {
			return err
		}
		o.APIOptions = append(o.APIOptions, option)
		if cfg.Endpoint != "" {
			o.BaseEndpoint = cfg.Endpoint
		}
		return nil
	}
}
