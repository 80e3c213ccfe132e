package sdkv1_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/service/dynamodb"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv1"
	"github.com/aws-mesh/aws-mesh/awsmesh/trace"
)

// Calls with the context of an incoming request join its trace, in the mesh.
func ExampleAwsSession_trace() {
	standIn := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"TableNames":["orders"]}`)
	}))
	defer standIn.Close()
	sess, err := sdkv1.AwsSession("orders", sdkv1.AwsConfig(sdkv1.Config{Endpoint: standIn.URL}).
		WithRegion("eu-west-1").
		WithCredentials(credentials.NewStaticCredentials("id", "secret", "")))
	if err != nil {
		log.Fatal(err)
	}
	db := dynamodb.New(sess)

	tables := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := db.ListTablesWithContext(r.Context(), &dynamodb.ListTablesInput{})
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		_, _ = fmt.Fprintln(w, *out.TableNames[0])
	})
	server := httptest.NewServer(trace.Middleware(tables))
	defer server.Close()

	response, err := http.Get(server.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(response.Body)
	fmt.Print(string(body))
	// Output: orders
}
