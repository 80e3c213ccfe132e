package sdkv1_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go/service/sqs"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv1"
)

// What a main does: the webhook knows whether this pod is in the mesh. Here, it is not.
func ExampleFromEnv() {
	cfg, err := sdkv1.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	sess, err := sdkv1.AwsSession("orders", sdkv1.AwsConfig(cfg).WithRegion("eu-west-1"))
	if err != nil {
		log.Fatal(err)
	}
	queues := sqs.New(sess)

	fmt.Println(cfg.InMesh, queues.Endpoint)
	// Output: false https://sqs.eu-west-1.amazonaws.com
}

// An error that the mesh makes is found in that of the SDK. Its text says what to do.
func ExampleAwsSession_errors() {
	// Only here: leave InMesh and Hosts to FromEnv.
	cfg := sdkv1.Config{InMesh: true, Hosts: []string{"sqs.eu-west-1.amazonaws.com"}}
	sess, err := sdkv1.AwsSession("orders", sdkv1.AwsConfig(cfg).WithRegion("eu-west-1").WithDisableSSL(true))
	if err != nil {
		log.Fatal(err)
	}
	r, _ := sqs.New(sess).ListQueuesRequest(&sqs.ListQueuesInput{})
	r.Handlers.Sign.Clear() // this machine may have no credentials
	err = r.Send()

	if e, ok := errors.AsType[*inmesh.Error](err); ok {
		fmt.Println(e.Host, e.Kind)
	}
	// Output: sqs.eu-west-1.amazonaws.com plain HTTP
}
