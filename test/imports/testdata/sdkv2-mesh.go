package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2"
)

func main() {
	ctx := context.Background()
	mesh, err := sdkv2.FromEnv()
	if err != nil {
		panic(err)
	}
	cfg, err := config.LoadDefaultConfig(ctx, sdkv2.WithMesh(mesh))
	if err != nil {
		panic(err)
	}
	_, _ = sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
}
