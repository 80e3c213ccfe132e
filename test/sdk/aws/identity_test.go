package aws_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// With an issuer, as a cluster is one, only its own tokens are good, each for its audience.
func TestIssuer(t *testing.T) {
	key, other := newKey(t), newKey(t)
	issuer := &oidctest.Server{Algorithms: []string{oidc.ES256}, PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k", Algorithm: oidc.ES256}}}
	server := httptest.NewServer(issuer)
	t.Cleanup(server.Close)
	issuer.SetIssuer(server.URL)
	c := startWith(t, aws.Options{Issuer: server.URL})
	tests := []struct {
		name, issuer, audience string
		key                    *ecdsa.PrivateKey
		life                   time.Duration
		sts, eks               int // status
	}{
		{"STS's", server.URL, aws.AudienceSTS, key, time.Hour, 200, 401},
		{"EKS's", server.URL, aws.AudienceEKS, key, time.Hour, 400, 200},
		{"the API server's", server.URL, "https://kubernetes.default.svc", key, time.Hour, 400, 401},
		{"expired", server.URL, aws.AudienceSTS, key, -time.Hour, 400, 401},
		{"another issuer's", "https://issuer.example.com", aws.AudienceSTS, key, time.Hour, 400, 401},
		{"another key's", server.URL, aws.AudienceSTS, other, time.Hour, 400, 401},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			claims := fmt.Sprintf(`{"iss": %q, "aud": [%q], "exp": %d}`, test.issuer, test.audience, time.Now().Add(test.life).Unix())
			token := oidctest.SignIDToken(test.key, "k", oidc.ES256, claims)
			c.web(token).want(t, test.sts, "")
			c.send(c.request("GET", "http://169.254.170.23"+aws.EKSPath, "", "Authorization", token)).want(t, test.eks, "")
		})
	}
	c.web(aws.WebIdentityToken).want(t, 400, "<Code>InvalidIdentityToken</Code>")
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
