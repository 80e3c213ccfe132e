package inmesh_test

import (
	"fmt"
	"net/http"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
)

// A client of another kind than the two SDKs, in the mesh where the pod is.
func Example() {
	config, err := inmesh.FromEnv()
	if err != nil {
		fmt.Println(err)
		return
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if err := config.Install(transport); err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: transport}
	response, err := client.Head("https://sqs.eu-west-1.amazonaws.com")
	if err != nil {
		fmt.Println(err) // says what is wrong with the pod, and what to do
		return
	}
	_ = response.Body.Close()
}
