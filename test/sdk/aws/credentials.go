package aws

import (
	"crypto/rand"
	"strings"
	"sync"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4"
)

// What a client is to be configured with.
const (
	AccountID        = "123456789012"
	AccessKeyID      = "AKIAAWSMESHTEST00001"
	SecretAccessKey  = "aws-mesh/test/secret/of/the/long-term/key"
	WebIdentityToken = "aws-mesh-test-web-identity-token" // for STS, if [Options] name no issuer
	PodIdentityToken = "aws-mesh-test-pod-identity-token" // for the EKS Pod Identity endpoint, likewise
	RoleARN          = "arn:aws:iam::" + AccountID + ":role/aws-mesh-test"
)

// sessionLife is how long temporary credentials are good for.
const sessionLife = time.Hour

// An identity is somebody with credentials.
type identity struct {
	sigv4.Credentials
	arn string
}

// credentials are all access keys that the server knows.
type credentials struct {
	mu    sync.Mutex
	known map[string]identity
}

func newCredentials() *credentials {
	user := identity{arn: "arn:aws:iam::" + AccountID + ":user/aws-mesh-test"}
	user.AccessKeyID, user.SecretAccessKey = AccessKeyID, SecretAccessKey
	return &credentials{known: map[string]identity{AccessKeyID: user}}
}

func (c *credentials) find(accessKeyID string) (identity, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.known[accessKeyID]
	return i, ok
}

// lookup is a [sigv4.Lookup].
func (c *credentials) lookup(accessKeyID string) (sigv4.Credentials, bool) {
	i, ok := c.find(accessKeyID)
	return i.Credentials, ok
}

// issue begins a session of a role.
func (c *credentials) issue(roleARN, session string) identity {
	role := roleARN[strings.LastIndex(roleARN, "/")+1:]
	i := identity{arn: "arn:aws:sts::" + AccountID + ":assumed-role/" + role + "/" + session}
	i.AccessKeyID = "ASIA" + rand.Text()[:16]
	i.SecretAccessKey = rand.Text() + "/+=" + rand.Text()
	// Session tokens of AWS are long, and full of what must be encoded in a query.
	i.SessionToken = "IQoJ" + strings.Repeat(rand.Text()+"/+", 16) + "=="
	i.Expires = time.Now().Add(sessionLife).UTC().Truncate(time.Second)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[i.AccessKeyID] = i
	return i
}
