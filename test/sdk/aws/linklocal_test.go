package aws_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4"
)

// fromJSON reads the credentials of an endpoint.
func (c *client) fromJSON(a answer) sigv4.Credentials {
	c.t.Helper()
	var out struct {
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		Token           string
		Expiration      time.Time
	}
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || out.Expiration.Before(time.Now()) {
		c.t.Fatalf("status %d, %v: %s", a.status, err, a.body)
	}
	return sigv4.Credentials{AccessKeyID: out.AccessKeyID, SecretAccessKey: out.SecretAccessKey, SessionToken: out.Token}
}

func TestLinkLocal(t *testing.T) {
	c := start(t)
	get := func(url string, headers ...string) answer { return c.send(c.request("GET", url, "", headers...)) }
	const imds = "http://169.254.169.254/latest/"
	get(imds+"meta-data/iam/security-credentials/").want(t, 401, "")
	c.send(c.request("PUT", imds+"api/token", "")).want(t, 400, "")
	token := c.send(c.request("PUT", imds+"api/token", "", "X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")).body
	const header = "X-Aws-Ec2-Metadata-Token"
	get(imds+"meta-data/iam/security-credentials/", header, "other").want(t, 401, "")
	role := get(imds+"meta-data/iam/security-credentials/", header, token)
	role.want(t, 200, aws.IMDSRole)
	get(imds+"meta-data/placement/region", header, token).want(t, 200, aws.IMDSRegion)
	get(imds+"dynamic/instance-identity/document", header, token).want(t, 200, `"region":"eu-west-1"`)
	get("http://169.254.170.23"+aws.EKSPath).want(t, 401, "")
	get("http://169.254.170.23"+aws.EKSPath, "Authorization", "forged").want(t, 401, "")
	if r := c.last(); r.Via != aws.ViaLinkLocal || r.Host != "169.254.170.23" || r.Status != 401 {
		t.Errorf("%+v", r)
	}

	for name, who := range map[string]sigv4.Credentials{
		"IMDS": c.fromJSON(get(imds+"meta-data/iam/security-credentials/"+role.body, header, token)),
		"ECS":  c.fromJSON(get("http://169.254.170.2" + aws.ECSPath)),
		"EKS":  c.fromJSON(get("http://169.254.170.23"+aws.EKSPath, "Authorization", aws.PodIdentityToken)),
	} {
		t.Run(name, func(t *testing.T) {
			c.json(who, "dynamodb", "DynamoDB_20120810.ListTables", "{}").want(t, 200, "TableNames")
			c.call(who, "s3", "eu-west-1", "GET", s3Host+"/", "").want(t, 200, "ListAllMyBucketsResult")
		})
	}
}

// A packet that ran out of hops: the client waits until it gives up.
func TestSilentIMDS(t *testing.T) {
	c := start(t)
	c.AddFault(aws.Fault{Kind: aws.Silent, Host: "169.254.169.254"})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for len(c.Records()) == 0 { // until the request is there
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://169.254.169.254/latest/api/token", nil)
	if err != nil {
		t.Fatal(err)
	}
	c.send(r).want(t, 0, "context canceled")
	if r := c.last(); r.Status != 0 {
		t.Errorf("%+v", r)
	}
}
