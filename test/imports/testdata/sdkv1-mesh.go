package main

import (
	"github.com/aws/aws-sdk-go/service/sts"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv1"
)

func main() {
	mesh, err := sdkv1.FromEnv()
	if err != nil {
		panic(err)
	}
	sess, err := sdkv1.AwsSession("app", sdkv1.AwsConfig(mesh))
	if err != nil {
		panic(err)
	}
	_, _ = sts.New(sess).GetCallerIdentity(nil)
}
