// Package v1 is what applications do with aws-sdk-go.
package v1

import (
	"errors"

	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/session"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv1"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

// open returns the session of all clients.
func open(in app.Input) (*session.Session, error) {
	sess, err := openHome(in)
	if err == nil && in.Region != "" {
		sess.Config.Region = new(in.Region)
	}
	return sess, err
}

// openHome is open, in the region of the environment.
func openHome(in app.Input) (*session.Session, error) {
	if in.Plain {
		return session.NewSession()
	}
	mesh, err := sdkv1.FromEnv()
	if err != nil {
		return nil, err
	}
	if !mesh.InMesh {
		return nil, app.ErrNotInMesh
	}
	return sdkv1.AwsSession("features", sdkv1.AwsConfig(mesh))
}

// code returns what AWS calls an error, if it is AWS's.
func code(err error) string {
	if err == nil {
		return "works"
	}
	if e, ok := errors.AsType[awserr.Error](err); ok {
		return e.Code()
	}
	return err.Error()
}
