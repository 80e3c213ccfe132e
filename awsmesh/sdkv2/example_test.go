package sdkv2_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2"
	"github.com/aws-mesh/aws-mesh/awsmesh/trace"
)

// An application does not need to know whether it runs in the mesh: the webhook has
// told its environment.
func Example() {
	cfg, err := sdkv2.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	cfg.Label = "billing"     // in log messages
	cfg.Endpoint = standsIn() // leave it out to call AWS

	ctx := context.Background()
	awsConfig, err := config.LoadDefaultConfig(ctx, sdkv2.WithMesh(cfg), settings)
	if err != nil {
		log.Fatal(err)
	}
	identity, err := sts.NewFromConfig(awsConfig).GetCallerIdentity(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*identity.Account)
	// Output: 123456789012
}

// A server passes the trace headers of its requests on to the sidecar: wrap the
// handler once, and call AWS with the request's context.
func Example_trace() {
	cfg, err := sdkv2.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	cfg.Endpoint = standsIn()
	awsConfig, err := config.LoadDefaultConfig(context.Background(), sdkv2.WithMesh(cfg), settings)
	if err != nil {
		log.Fatal(err)
	}
	client := sts.NewFromConfig(awsConfig)

	whoami := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		identity, err := client.GetCallerIdentity(r.Context(), nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		_, _ = fmt.Fprintln(w, *identity.Account)
	})
	server := httptest.NewServer(trace.Middleware(whoami))
	defer server.Close()

	response, err := http.Get(server.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, _ := io.ReadAll(response.Body)
	fmt.Print(string(answer))
	// Output: 123456789012
}

// settings stand for those of the pod.
func settings(o *config.LoadOptions) error {
	o.Region = "eu-west-1"
	o.Credentials = credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")
	o.DefaultsModeOptions.Mode = aws.DefaultsModeStandard
	return nil
}

// standsIn returns the URL of a stand-in for AWS.
func standsIn() string {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, identity)
	})).URL
}

const identity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>` +
	`<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
