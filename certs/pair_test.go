package certs

import (
	"bytes"
	"crypto/x509"
	"maps"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

const validity = 90 * 24 * time.Hour

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestIssue(t *testing.T) {
	secret := mustIssue(t, now, "aws-mesh-webhook.aws-mesh-system.svc", "127.0.0.1")
	p, err := parse(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"aws-mesh-webhook.aws-mesh-system.svc", "127.0.0.1"} {
		if err := verify(p.serving, []*x509.Certificate{p.ca}, name, now); err != nil {
			t.Errorf("for %s: %v", name, err)
		}
	}
	if err := verify(p.serving, []*x509.Certificate{p.ca}, "elsewhere.svc", now); err == nil {
		t.Error("good for a name that was not asked for")
	}
	if got := slices.Sorted(maps.Keys(secret)); !slices.Equal(got, []string{"ca.crt", "tls.crt", "tls.key"}) {
		t.Errorf("keys of the Secret = %q", got)
	}
	if n := bytes.Count(slices.Concat(slices.Collect(maps.Values(secret))...), []byte("PRIVATE KEY-----\n")); n != 2 {
		t.Errorf("%d PEM lines with a private key, want the two of the leaf's: the authority's is not kept", n)
	}
}

func TestRenewIn(t *testing.T) {
	names := []string{"webhook.ns.svc"}
	p, err := parse(mustIssue(t, now, names...))
	if err != nil {
		t.Fatal(err)
	}
	day := 24 * time.Hour
	for _, c := range []struct {
		what   string
		names  []string
		at     time.Time
		usable bool
		want   time.Duration
	}{
		{"new", names, now, true, 60 * day},
		{"a day before the last third", names, now.Add(59 * day), true, day},
		{"the last third begins", names, now.Add(60 * day), true, 0},
		{"a day into the last third", names, now.Add(61 * day), true, -day},
		{"expired", names, now.Add(91 * day), false, -31 * day},
		{"not valid yet, clock far behind", names, now.Add(-2 * time.Hour), false, 60*day + 2*time.Hour},
		{"the API server's clock is an hour behind", names, now.Add(-time.Hour), true, 60*day + time.Hour},
		{"another name", []string{"webhook.ns.svc", "127.0.0.1"}, now, false, 60 * day},
		{"no webhook at all", nil, now, true, 60 * day},
	} {
		if got := p.renewIn(c.at, validity); got != c.want {
			t.Errorf("%s: renewIn = %v, want %v", c.what, got, c.want)
		}
		if got := p.usable(c.names, c.at); got != c.usable {
			t.Errorf("%s: usable = %v, want %v", c.what, got, c.usable)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for what, spoil := range map[string]func(map[string][]byte){
		"empty":  func(s map[string][]byte) { clear(s) },
		"no key": func(s map[string][]byte) { delete(s, corev1.TLSPrivateKeyKey) },
		"another's key": func(s map[string][]byte) {
			s[corev1.TLSPrivateKeyKey] = mustIssue(t, now, "x")[corev1.TLSPrivateKeyKey]
		},
		"no authority":    func(s map[string][]byte) { delete(s, keyCA) },
		"two authorities": func(s map[string][]byte) { s[keyCA] = append(s[keyCA], mustIssue(t, now, "x")[keyCA]...) },
		"garbage":         func(s map[string][]byte) { s[corev1.TLSCertKey] = []byte("\x00garbage") },
	} {
		secret := mustIssue(t, now, "webhook.ns.svc")
		spoil(secret)
		if _, err := parse(secret); err == nil {
			t.Errorf("%s: parsed", what)
		}
	}
}

// Another pair's authority beside a leaf: the Secret was put together by hand.
func TestForeignAuthorityIsNotUsable(t *testing.T) {
	secret := mustIssue(t, now, "webhook.ns.svc")
	secret[keyCA] = mustIssue(t, now, "webhook.ns.svc")[keyCA]
	p, err := parse(secret)
	if err != nil {
		t.Fatal(err)
	}
	if p.usable([]string{"webhook.ns.svc"}, now) {
		t.Error("usable, though nobody would trust it")
	}
}

func mustIssue(t *testing.T, at time.Time, names ...string) map[string][]byte {
	t.Helper()
	secret, err := issue(names, at, validity)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}
