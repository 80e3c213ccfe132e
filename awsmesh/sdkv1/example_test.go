package sdkv1_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/dynamodb"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv1"
)

type Dynamo struct {
	Session *session.Session
	Db      *dynamodb.DynamoDB
}

func NewWithConfig(cfg *aws.Config) (*Dynamo, error) {
	sess, err := sdkv1.AwsSession("Test", cfg)
	if err != nil {
		return nil, err
	}
	dyn := &Dynamo{
		Session: sess,
		Db:      dynamodb.New(sess),
	}
	return dyn, nil
}

// A client of DynamoDB, here with a stand-in for AWS on this machine. Without Endpoint,
// and with a Config of FromEnv, it calls AWS.
func Example() {
	standIn := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"TableNames":["orders"]}`)
	}))
	defer standIn.Close()

	cfg := sdkv1.AwsConfig(sdkv1.Config{Endpoint: standIn.URL, Label: "Test"}).
		WithRegion("eu-west-1").
		WithCredentials(credentials.NewStaticCredentials("id", "secret", ""))
	dyn, err := NewWithConfig(cfg)
	if err != nil {
		log.Fatal(err)
	}
	out, err := dyn.Db.ListTables(&dynamodb.ListTablesInput{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(aws.StringValueSlice(out.TableNames))
	// Output: [orders]
}
