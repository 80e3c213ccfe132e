package aws

import (
	"context"
	"errors"
	"fmt"

	"github.com/coreos/go-oidc/v3/oidc"
)

// Audiences of the service accounts' tokens that AWS takes.
const (
	AudienceSTS = "sts.amazonaws.com"      // AssumeRoleWithWebIdentity
	AudienceEKS = "pods.eks.amazonaws.com" // EKS Pod Identity
)

// A tokenCheck tells why a service account's token is not good for an audience.
type tokenCheck func(ctx context.Context, token, audience string) error

// fixedTokens takes [WebIdentityToken] and [PodIdentityToken].
func fixedTokens(_ context.Context, token, audience string) error {
	if token != map[string]string{AudienceSTS: WebIdentityToken, AudienceEKS: PodIdentityToken}[audience] {
		return errors.New("it is not the one that the test expects")
	}
	return nil
}

// issuedBy takes the tokens that an issuer has signed. As AWS does, it asks the issuer
// for its keys, by OpenID Connect Discovery.
func issuedBy(issuer string) tokenCheck {
	return func(ctx context.Context, token, audience string) error {
		provider, err := oidc.NewProvider(ctx, issuer)
		if err != nil {
			return fmt.Errorf("the issuer's keys: %w", err)
		}
		_, err = provider.VerifierContext(ctx, &oidc.Config{ClientID: audience}).Verify(ctx, token)
		return err
	}
}
