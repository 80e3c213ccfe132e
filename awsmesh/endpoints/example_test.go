package endpoints_test

import (
	"fmt"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

func ExampleResolve() {
	e, err := endpoints.Resolve("stepfunctions", endpoints.Params{Region: "eu-west-1"})
	fmt.Println(e.Host, err)
	fmt.Println(e.Hosts)
	// Output:
	// states.eu-west-1.amazonaws.com <nil>
	// [states.eu-west-1.amazonaws.com sync-states.eu-west-1.amazonaws.com]
}

func ExampleLookup() {
	s, err := endpoints.Lookup("CloudWatch Logs")
	fmt.Println(s.Name, s.EnvSuffix(), err)

	_, err = endpoints.Lookup("secretmanager")
	fmt.Println(err)
	// Output:
	// logs CLOUDWATCH_LOGS <nil>
	// unknown AWS service "secretmanager" (did you mean "secretsmanager"?)
}
