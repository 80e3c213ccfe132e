package aws_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// TestAuthority demands that a server with a given CA is trusted by those who trust it,
// also after a restart.
func TestAuthority(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	file := authorityFile(t, certificate, key)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate)
	for _, start := range []string{"first", "second"} {
		s, err := aws.New(aws.Options{Authority: file})
		if err != nil {
			t.Fatal(err)
		}
		if string(s.CA()) != string(certificate) {
			t.Errorf("%s start: the CA is not that of the file", start)
		}
		c, err := tls.Dial("tcp", listen(t, s.Serve), &tls.Config{ServerName: "sqs.eu-west-1.amazonaws.com", RootCAs: roots})
		if err != nil {
			t.Errorf("%s start: %v", start, err)
		} else {
			_ = c.Close()
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"nowhere.pem": "authority nowhere.pem: open nowhere.pem", authorityFile(t, certificate, other): "authority",
	} {
		if _, err := aws.New(aws.Options{Authority: path}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Authority %s: %v, want %q", path, err, want)
		}
	}
}

func authorityFile(t *testing.T, certificate []byte, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(path, append(certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
