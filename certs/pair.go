package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// keyCA is the key of the Secret for the authority; tls.crt and tls.key are
// Kubernetes' own names.
const keyCA = corev1.ServiceAccountRootCAKey

// backdate is how far the clock of an API server may be behind ours.
const backdate = time.Hour

// A pair is a serving certificate with its key, and the authority that signed it.
type pair struct {
	serving *tls.Certificate
	ca      *x509.Certificate
}

// issue makes an authority, which is forgotten, and a pair for names that it signs.
// The result is the content of the Secret.
func issue(names []string, now time.Time, validity time.Duration) (map[string][]byte, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := template("aws-mesh webhook authority", now, validity)
	ca.IsCA, ca.BasicConstraintsValid, ca.MaxPathLenZero = true, true, true
	ca.KeyUsage = x509.KeyUsageCertSign
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	leaf := template("aws-mesh webhook", now, validity)
	leaf.DNSNames, leaf.IPAddresses = split(names)
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		corev1.TLSCertKey:       encode("CERTIFICATE", leafDER),
		corev1.TLSPrivateKeyKey: encode("PRIVATE KEY", keyDER),
		keyCA:                   encode("CERTIFICATE", caDER),
	}, nil
}

func template(name string, now time.Time, validity time.Duration) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: name},
		NotBefore: now.Add(-backdate),
		NotAfter:  now.Add(validity),
	}
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// parse reads what [issue] made. Its errors say nothing of the key.
func parse(secret map[string][]byte) (*pair, error) {
	serving, err := tls.X509KeyPair(secret[corev1.TLSCertKey], secret[corev1.TLSPrivateKeyKey])
	if err != nil {
		return nil, errors.New("no certificate with its key")
	}
	authorities := certificates(secret[keyCA])
	if len(authorities) != 1 {
		return nil, errors.New("no authority")
	}
	return &pair{serving: &serving, ca: authorities[0]}, nil
}

// usable reports whether p is good for all names now.
func (p *pair) usable(names []string, now time.Time) bool {
	for _, name := range names {
		if verify(p.serving, []*x509.Certificate{p.ca}, name, now) != nil {
			return false
		}
	}
	return true
}

// renewIn is how long it is until the last third of validity begins, when p is to be
// renewed. It is negative when that has passed.
func (p *pair) renewIn(now time.Time, validity time.Duration) time.Duration {
	return p.serving.Leaf.NotAfter.Add(-validity / 3).Sub(now)
}

// same reports whether both are one certificate.
func same(a, b *tls.Certificate) bool {
	return a != nil && b != nil && a.Leaf.Equal(b.Leaf)
}
