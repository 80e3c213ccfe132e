package aws

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"time"
)

// An authority issues certificates for any name, and keeps them.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey

	mu     sync.Mutex
	issued map[string]*tls.Certificate
}

// trustedAuthority is that of a file with its certificate and key; without one it is new.
func trustedAuthority(path string) (*authority, error) {
	if path == "" {
		return newAuthority("aws-mesh test CA")
	}
	pair, err := tls.LoadX509KeyPair(path, path)
	if err != nil {
		return nil, fmt.Errorf("authority %s: %w", path, err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("authority %s: the key is a %T, want an ECDSA key", path, pair.PrivateKey)
	}
	return &authority{certificate: pair.Leaf, key: key, issued: map[string]*tls.Certificate{}}, nil
}

func newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	a := &authority{certificate: template, key: key, issued: map[string]*tls.Certificate{}}
	a.certificate, err = a.sign(template, key)
	return a, err
}

// pem is the authority's own certificate, for those who are to trust it.
func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}

// issue gives a certificate for the names, valid until the time given.
func (a *authority) issue(names []string, until time.Time) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	id := fmt.Sprint(names, until.Before(time.Now()))
	if c := a.issued[id]; c != nil {
		return c, nil
	}
	leaf, err := a.sign(&x509.Certificate{
		Subject:     pkix.Name{CommonName: names[0]},
		DNSNames:    names,
		NotBefore:   a.certificate.NotBefore,
		NotAfter:    until,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.key)
	if err != nil {
		return nil, err
	}
	a.issued[id] = &tls.Certificate{Certificate: [][]byte{leaf.Raw, a.certificate.Raw}, PrivateKey: a.key, Leaf: leaf}
	return a.issued[id], nil
}

func (a *authority) sign(template *x509.Certificate, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// certificateNames are the names in AWS's certificate for a host. S3's has a wildcard,
// which covers one label: a bucket with a dot is not in it.
func certificateNames(host string) []string {
	if i := strings.LastIndex(host, ".s3."); i >= 0 {
		return []string{host[i+1:], "*" + host[i:]}
	}
	return []string{host}
}
