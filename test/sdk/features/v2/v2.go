// Package v2 is what applications do with aws-sdk-go-v2.
package v2

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

// load returns the configuration of all clients. That an application is in the mesh is
// one option.
func load(ctx context.Context, in app.Input, options ...func(*config.LoadOptions) error) (aws.Config, error) {
	if in.Region != "" {
		options = append(options, config.WithRegion(in.Region))
	}
	if in.Plain {
		return config.LoadDefaultConfig(ctx, options...)
	}
	mesh, err := sdkv2.FromEnv()
	if err != nil {
		return aws.Config{}, err
	}
	if !mesh.InMesh {
		return aws.Config{}, app.ErrNotInMesh
	}
	return config.LoadDefaultConfig(ctx, append(options, sdkv2.WithMesh(mesh))...)
}

// code returns what AWS calls an error, if it is AWS's.
func code(err error) string {
	if err == nil {
		return "works"
	}
	if e := smithy.APIError(nil); errors.As(err, &e) {
		return e.ErrorCode()
	}
	return err.Error()
}
