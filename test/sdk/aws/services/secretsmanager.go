package services

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
	"time"
)

// secretsManager holds secrets by name, whatever the region.
type secretsManager struct {
	account string

	mu      sync.Mutex
	secrets map[string]secret
}

type secret struct {
	ARN           string
	Name          string
	SecretString  string  `json:",omitempty"`
	SecretBinary  []byte  `json:",omitempty"`
	VersionID     string  `json:"VersionId"`
	CreatedDate   float64 // seconds since 1970
	VersionStages []string
}

// NewSecretsManager makes a Secrets Manager without secrets.
func NewSecretsManager(account string) http.Handler {
	s := &secretsManager{account: account, secrets: map[string]secret{}}
	return service{"CreateSecret": call(s.createSecret), "GetSecretValue": call(s.getSecretValue)}
}

type createSecret struct {
	Name         string
	SecretString string
	SecretBinary []byte
}

type createdSecret struct {
	ARN, Name string
	VersionID string `json:"VersionId"`
}

func (s *secretsManager) createSecret(_ context.Context, host string, in createSecret) (createdSecret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.secrets[in.Name]; ok {
		return createdSecret{}, &apiError{"ResourceExistsException", "The operation failed because the secret " + in.Name + " already exists."}
	}
	_, region, _ := strings.Cut(host, ".")
	region, _, _ = strings.Cut(region, ".")
	made := secret{
		ARN:  "arn:aws:secretsmanager:" + region + ":" + s.account + ":secret:" + in.Name + "-" + rand.Text()[:6],
		Name: in.Name, SecretString: in.SecretString, SecretBinary: in.SecretBinary,
		VersionID: rand.Text(), VersionStages: []string{"AWSCURRENT"}, CreatedDate: float64(time.Now().Unix()),
	}
	s.secrets[in.Name] = made
	return createdSecret{made.ARN, made.Name, made.VersionID}, nil
}

type getSecretValue struct {
	SecretID string `json:"SecretId"`
}

func (s *secretsManager) getSecretValue(_ context.Context, _ string, in getSecretValue) (secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, found := range s.secrets {
		if in.SecretID == found.Name || in.SecretID == found.ARN {
			return found, nil
		}
	}
	return secret{}, &apiError{"ResourceNotFoundException", "Secrets Manager can't find the specified secret."}
}
