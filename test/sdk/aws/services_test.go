package aws_test

import (
	"encoding/json"
	"encoding/xml"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4"
)

const form = "application/x-www-form-urlencoded; charset=utf-8"

// assume begins a session.
func (c *client) assume() sigv4.Credentials {
	c.t.Helper()
	body := url.Values{"Action": {"AssumeRole"}, "RoleArn": {aws.RoleARN}, "RoleSessionName": {"test"}}.Encode()
	got := c.call(user, "sts", "eu-west-1", "POST", "https://sts.eu-west-1.amazonaws.com/", body, "Content-Type", form)
	return c.session(got)
}

// web begins a session by a web identity's token.
func (c *client) web(token string) answer {
	return c.send(c.request("POST", "https://sts.amazonaws.com/", url.Values{
		"Action": {"AssumeRoleWithWebIdentity"}, "RoleArn": {aws.RoleARN}, "RoleSessionName": {"pod"}, "WebIdentityToken": {token},
	}.Encode(), "Content-Type", form))
}

func (c *client) session(a answer) sigv4.Credentials {
	c.t.Helper()
	var out struct {
		Result struct {
			Credentials struct {
				AccessKeyID     string `xml:"AccessKeyId"`
				SecretAccessKey string
				SessionToken    string
			}
		} `xml:",any"`
	}
	if err := xml.Unmarshal([]byte(a.body), &out); err != nil {
		c.t.Fatalf("status %d, %v: %s", a.status, err, a.body)
	}
	i := out.Result.Credentials
	return sigv4.Credentials{AccessKeyID: i.AccessKeyID, SecretAccessKey: i.SecretAccessKey, SessionToken: i.SessionToken}
}

func TestSTS(t *testing.T) {
	c := start(t)
	session := c.assume()
	identity := "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
	c.call(user, "sts", "eu-west-1", "GET", identity, "").want(t, 200, "<Arn>arn:aws:iam::123456789012:user/aws-mesh-test</Arn>")
	c.call(session, "sts", "eu-west-1", "GET", identity, "").want(t, 200, "<Arn>arn:aws:sts::123456789012:assumed-role/aws-mesh-test/test</Arn>")
	c.send(c.request("GET", identity, "")).want(t, 403, "<Code>MissingAuthenticationToken</Code>")
	session.SessionToken = ""
	c.call(session, "sts", "eu-west-1", "GET", identity, "").want(t, 403, "<Code>InvalidClientTokenId</Code>")

	c.call(c.session(c.web(aws.WebIdentityToken)), "sts", "eu-west-1", "GET", identity, "").want(t, 200, "assumed-role/aws-mesh-test/pod")
	c.web("forged").want(t, 400, "<Code>InvalidIdentityToken</Code>")
}

func TestSQS(t *testing.T) {
	c := start(t)
	sqs := func(operation string, in map[string]any) answer {
		body, _ := json.Marshal(in)
		return c.json(user, "sqs", "AmazonSQS."+operation, string(body))
	}
	queue := "https://sqs.eu-west-1.amazonaws.com/123456789012/q"
	sqs("SendMessage", map[string]any{"QueueUrl": queue, "MessageBody": "x"}).want(t, 400, "QueueDoesNotExist")
	sqs("CreateQueue", map[string]any{"QueueName": "q"}).want(t, 200, queue)
	sqs("ReceiveMessage", map[string]any{"QueueUrl": queue, "WaitTimeSeconds": 1}).want(t, 200, `"Messages":null`)

	c.Reset()
	var wait sync.WaitGroup
	wait.Go(func() {
		sqs("ReceiveMessage", map[string]any{"QueueUrl": queue, "WaitTimeSeconds": 20}).want(t, 200, `"Body":"hello"`)
	})
	for len(c.Records()) == 0 || c.last().BodySHA256 == "" { // until it waits
		time.Sleep(time.Millisecond)
	}
	sqs("SendMessage", map[string]any{"QueueUrl": queue, "MessageBody": "hello"}).want(t, 200, `"MD5OfMessageBody":"5d41402abc4b2a76b9719d911017c592"`)
	wait.Wait()
	sqs("ReceiveMessage", map[string]any{"QueueUrl": queue}).want(t, 200, `"Messages":null`)
	sqs("SendMessage", map[string]any{"QueueUrl": queue, "MessageBody": "again"})
	var got struct {
		Messages []struct{ ReceiptHandle string }
	}
	take := func() int {
		if err := json.Unmarshal([]byte(sqs("ReceiveMessage", map[string]any{"QueueUrl": queue, "VisibilityTimeout": 0}).body), &got); err != nil {
			t.Fatal(err)
		}
		return len(got.Messages)
	}
	for range 2 {
		if take() != 1 {
			t.Fatal("the message is not there, or hidden")
		}
	}
	sqs("DeleteMessage", map[string]any{"QueueUrl": queue, "ReceiptHandle": got.Messages[0].ReceiptHandle}).want(t, 200, "{}")
	if take() != 0 {
		t.Error("the message is not deleted")
	}
}

func TestKinesis(t *testing.T) {
	c := start(t)
	kinesis := func(operation, body string) answer {
		return c.json(user, "kinesis", "Kinesis_20131202."+operation, body)
	}
	kinesis("PutRecord", `{"StreamName":"s","Data":"aGVsbG8=","PartitionKey":"p"}`).want(t, 400, "ResourceNotFoundException")
	kinesis("CreateStream", `{"StreamName":"s"}`).want(t, 200, "{}")
	kinesis("PutRecord", `{"StreamName":"s","Data":"aGVsbG8=","PartitionKey":"p"}`).want(t, 200, `"ShardId":"shardId-000000000000"`)
	kinesis("PutRecord", `{"StreamARN":"arn:aws:kinesis:eu-west-1:123456789012:stream/s","Data":"d29ybGQ=","PartitionKey":"p"}`).want(t, 200, `"SequenceNumber":"1"`)
	kinesis("GetShardIterator", `{"StreamName":"s","ShardIteratorType":"AFTER_SEQUENCE_NUMBER","StartingSequenceNumber":"0"}`).want(t, 200, `"ShardIterator":"1/s"`)
	kinesis("GetRecords", `{"ShardIterator":"1/s"}`).want(t, 200, `"Data":"d29ybGQ="`)
	kinesis("GetRecords", `{"ShardIterator":"0/s","Limit":1}`).want(t, 200, `"NextShardIterator":"1/s"`)
	kinesis("GetRecords", `{"ShardIterator":"9/s"}`).want(t, 200, `"Records":[]`)
	kinesis("GetRecords", `{"ShardIterator":"-1/s"}`).want(t, 400, "InvalidArgumentException")
}

func TestSecretsManager(t *testing.T) {
	c := start(t)
	secrets := func(operation, body string) answer {
		return c.json(user, "secretsmanager", "secretsmanager."+operation, body)
	}
	secrets("GetSecretValue", `{"SecretId":"n"}`).want(t, 400, "ResourceNotFoundException")
	secrets("CreateSecret", `{"Name":"n","SecretString":"hush"}`).want(t, 200, `"ARN":"arn:aws:secretsmanager:eu-west-1:123456789012:secret:n-`)
	secrets("CreateSecret", `{"Name":"n"}`).want(t, 400, "ResourceExistsException")
	secrets("GetSecretValue", `{"SecretId":"n"}`).want(t, 200, `"SecretString":"hush"`)
	secrets("Nonsense", `{}`).want(t, 400, "UnknownOperationException")
	secrets("GetSecretValue", `[`).want(t, 400, "SerializationException")
}
