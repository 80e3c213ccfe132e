package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"time"
)

// chains makes certificates as AWS has them, a leaf and an intermediate under a root:
// all RSA 2048, as most of AWS's, and all ECDSA P-256, as some of them. The roots are
// written to a file.
func chains(roots string) (rsaChain, ecdsaChain *tls.Certificate, err error) {
	var file bytes.Buffer
	rsaChain, err = chain(&file, func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) })
	if err != nil {
		return nil, nil, err
	}
	ecdsaChain, err = chain(&file, func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) })
	if err != nil {
		return nil, nil, err
	}
	return rsaChain, ecdsaChain, os.WriteFile(roots, file.Bytes(), 0o600)
}

// chain returns a leaf and its intermediate, and appends their root to roots.
func chain(roots *bytes.Buffer, newKey func() (crypto.Signer, error)) (*tls.Certificate, error) {
	var issuer *x509.Certificate
	var issuerKey crypto.Signer
	var result tls.Certificate
	for i, name := range []string{"bench root", "bench intermediate", dynamoHost} {
		key, err := newKey()
		if err != nil {
			return nil, err
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
			BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign,
		}
		if name == dynamoHost {
			template.IsCA, template.KeyUsage = false, x509.KeyUsageDigitalSignature
			template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
			template.DNSNames = []string{dynamoHost, s3Hosts}
		}
		if issuer == nil {
			issuer, issuerKey = template, key
		}
		raw, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), issuerKey)
		if err != nil {
			return nil, err
		}
		if issuer, err = x509.ParseCertificate(raw); err != nil {
			return nil, err
		}
		issuerKey = key
		if i == 0 {
			_ = pem.Encode(roots, &pem.Block{Type: "CERTIFICATE", Bytes: raw})
			continue
		}
		result.Certificate = append([][]byte{raw}, result.Certificate...)
		result.PrivateKey = key
	}
	return &result, nil
}
