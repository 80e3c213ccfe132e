package certs

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"slices"
	"time"
)

// maxBundle bounds the authorities that are kept in a caBundle: more than a few are
// there only if somebody empties the Secret again and again.
const maxBundle = 16

// certificates reads the certificates in PEM data and passes over everything else.
func certificates(data []byte) []*x509.Certificate {
	var certs []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			certs = append(certs, cert)
		}
	}
	return certs
}

// add returns bundle with ca, which comes first, and without what is expired. It
// returns bundle as it is if it has ca and nothing expired.
func add(bundle []byte, ca *x509.Certificate, now time.Time) []byte {
	have := certificates(bundle)
	keep := slices.DeleteFunc(slices.Clone(have), func(c *x509.Certificate) bool {
		return now.After(c.NotAfter) || c.Equal(ca)
	})
	if len(have) == len(keep)+1 && len(have) <= maxBundle && slices.ContainsFunc(have, ca.Equal) {
		return bundle
	}
	slices.SortStableFunc(keep, func(a, b *x509.Certificate) int {
		return cmp.Compare(b.NotAfter.Unix(), a.NotAfter.Unix())
	})
	keep = slices.Insert(keep, 0, ca)
	var out bytes.Buffer
	for _, c := range keep[:min(len(keep), maxBundle)] {
		out.Write(encode("CERTIFICATE", c.Raw))
	}
	return out.Bytes()
}

// verify checks a certificate as the API server does when it calls the webhook by name.
func verify(cert *tls.Certificate, trusted []*x509.Certificate, name string, now time.Time) error {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range trusted {
		roots.AddCert(c)
	}
	for _, der := range cert.Certificate[1:] {
		if c, err := x509.ParseCertificate(der); err == nil {
			between.AddCert(c)
		}
	}
	_, err := cert.Leaf.Verify(x509.VerifyOptions{
		DNSName: name, Roots: roots, Intermediates: between, CurrentTime: now,
	})
	return err
}

// split sorts names into DNS names and addresses.
func split(names []string) (dns []string, ips []net.IP) {
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			ips = append(ips, ip)
		} else {
			dns = append(dns, name)
		}
	}
	return dns, ips
}
