package install_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var (
	secretKey = client.ObjectKey{Namespace: namespace, Name: "aws-mesh-serving-cert"}
	hooksKey  = client.ObjectKey{Name: "aws-mesh"}
)

// A fresh install: the Secret is empty, and two replicas start at once.
func TestFirstStart(t *testing.T) {
	emptySecret(t)
	replicas := run(t, 2)
	first, second := serving(t, replicas[0]), serving(t, replicas[1])
	if !first.Equal(second) {
		t.Error("the replicas serve different certificates")
	}
	if d := time.Until(first.NotAfter); d < 89*24*time.Hour || d > 90*24*time.Hour {
		t.Errorf("certificate valid for %v, want 90 days", d)
	}
}

// Certificates that live for seconds are renewed all the time, while pods are created.
func TestRotationUnderLoad(t *testing.T) {
	emptySecret(t)
	replicas := run(t, 2, "--cert-validity=12s") // renewed after 8 s
	pods := startLoad(t, newNamespace(t, "rotation"))
	seen := watchSerials(t, replicas, 27*time.Second, func() {})
	pods.finish(t)
	if len(seen) < 4 {
		t.Errorf("%d certificates in 27 s, want at least 4", len(seen))
	}
	for _, ca := range authorities(bundle(t)) {
		if age := time.Since(parse(t, pem.EncodeToMemory(ca)).NotAfter); age > 12*time.Second {
			t.Errorf("an authority that expired %v ago is still in the caBundle", age)
		}
	}
	t.Logf("%d certificates served", len(seen))
}

// Somebody who empties the Secret, again and again, asks for new certificates.
func TestForcedRotationUnderLoad(t *testing.T) {
	replicas := run(t, 2, "--cert-validity=10s") // trusted for 0.5 s before it is served
	pods := startLoad(t, newNamespace(t, "forced-rotation"))
	seen := watchSerials(t, replicas, 15*time.Second, func() { emptySecret(t) })
	pods.finish(t)
	if len(seen) < 6 {
		t.Errorf("%d certificates served in 15 s, want at least 6", len(seen))
	}
}

// watchSerials returns which certificates replicas serve in the next d at least, with
// disturb called every 1.5 s. Each has to be trusted by an API server that is behind: that
// still has the caBundle of a moment ago. On a busy machine it takes longer to compare
// enough of them.
func watchSerials(t *testing.T, replicas []*replica, d time.Duration, disturb func()) map[string]bool {
	t.Helper()
	seen, checked := map[string]bool{}, 0
	for end := time.Now().Add(d); time.Now().Before(end) || checked < 20; disturb() {
		for round := time.Now().Add(1500 * time.Millisecond); time.Now().Before(round); {
			read, behind := time.Now(), bundle(t)
			time.Sleep(100 * time.Millisecond)
			for _, r := range replicas {
				cert := serving(t, r)
				seen[cert.SerialNumber.String()] = true
				if time.Since(read) > maxBehind {
					continue
				}
				checked++
				if err := trusted(cert, behind); err != nil {
					t.Errorf("an API server that is %v behind: %v", time.Since(read), err)
				}
			}
		}
	}
	return seen
}

// maxBehind is less than what certificates that are valid for 10 s are trusted before
// they are served, 0.5 s.
const maxBehind = 400 * time.Millisecond

func trusted(cert *x509.Certificate, bundle []byte) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	_, err := cert.Verify(x509.VerifyOptions{DNSName: "127.0.0.1", Roots: roots})
	return err
}

// A renewal that cannot be written is no reason not to serve the pair that is there, and
// each further try leaves the caBundle as the first one did.
func TestRenewalThatCannotBeWritten(t *testing.T) {
	emptySecret(t)
	setBundle(t, nil)
	t.Cleanup(func() {
		if _, err := env.Kubectl(context.Background(), "delete", "secret", secretKey.Name, "-n", secretKey.Namespace); err != nil {
			t.Error(err)
		}
		if err := install(context.Background()); err != nil {
			t.Error(err)
		}
	})
	current := serving(t, run(t, 1)[0]) // valid for 90 days
	_, err := env.Kubectl(t.Context(), "patch", "secret", secretKey.Name, "-n", secretKey.Namespace, `--patch={"immutable": true}`)
	must(t, err)

	due := start(t, "--cert-validity=8760h") // a third of that is more than what is left
	eventually(t, func() error {
		if n := strings.Count(due.log.String(), "field is immutable"); n < 8 {
			return fmt.Errorf("the renewal was tried %d times", n)
		}
		return due.readyz()
	})
	if !serving(t, due).Equal(current) {
		t.Error("what cannot be written is served")
	}
	if n := len(authorities(bundle(t))); n != 2 {
		t.Errorf("%d authorities in the caBundle, want that of the pair in use and that of the pair that waits", n)
	}
	if err := trusted(current, bundle(t)); err != nil {
		t.Errorf("the certificate in use: %v", err)
	}
}

// GitOps tools put back what the manifests say: no caBundle.
func TestEmptiedBundleIsRepaired(t *testing.T) {
	r := run(t, 1)[0]
	before := bundle(t)
	for _, kind := range []string{"mutatingwebhookconfiguration", "validatingwebhookconfiguration"} {
		_, err := env.Kubectl(t.Context(), "patch", kind, "aws-mesh", "--type=json",
			`--patch=[{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": ""}]`)
		if err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	eventually(t, func() error {
		var v admissionregistrationv1.ValidatingWebhookConfiguration
		must(t, env.Client.Get(t.Context(), hooksKey, &v))
		if len(bundle(t)) == 0 || len(v.Webhooks[0].ClientConfig.CABundle) == 0 {
			return errors.New("a caBundle is still empty")
		}
		return r.readyz()
	})
	t.Logf("repaired after %v", time.Since(began))
	if len(authorities(before)) == 0 {
		t.Error("there was no caBundle before")
	}
}

// Certificates from files: the replica is ready exactly when the configurations trust
// the one it serves.
func TestFilesAreServedWhenTrusted(t *testing.T) {
	emptySecret(t)
	made := func() corev1.Secret { // a pair, as cert-manager would make it
		emptySecret(t)
		run(t, 1)[0].kill(t)
		var s corev1.Secret
		must(t, env.Client.Get(t.Context(), secretKey, &s))
		return s
	}
	first, second := made(), made()
	files := t.TempDir()
	write(t, files, first)
	setBundle(t, second.Data["ca.crt"])

	r := start(t, "--cert-dir="+files)
	eventually(t, func() error {
		if err := r.readyz(); err == nil || !strings.Contains(r.log.String(), "unknown authority") {
			return fmt.Errorf("readyz = %v, want not ready, and the reason in the log", err)
		}
		return nil
	})
	setBundle(t, first.Data["ca.crt"])
	r.waitReady(t)

	write(t, files, second)
	setBundle(t, append(first.Data["ca.crt"], second.Data["ca.crt"]...))
	want := parse(t, second.Data["tls.crt"])
	eventually(t, func() error {
		if got := serving(t, r); !got.Equal(want) {
			return errors.New("the renewed file is not served")
		}
		return r.readyz()
	})
}

// Nobody has to accept less than TLS 1.3.
func TestOldTLSIsRefused(t *testing.T) {
	r := run(t, 1)[0]
	_, err := tls.Dial("tcp", r.addr, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12})
	if err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.2: %v, want refused", err)
	}
}

// serving is the certificate that the replica shows.
func serving(t *testing.T, r *replica) *x509.Certificate {
	t.Helper()
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", r.addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0]
}

func emptySecret(t *testing.T) {
	t.Helper()
	_, err := env.Kubectl(t.Context(), "patch", "secret", secretKey.Name, "-n", secretKey.Namespace, "--patch={\"data\": null}")
	must(t, err)
}

func bundle(t *testing.T) []byte {
	t.Helper()
	var c admissionregistrationv1.MutatingWebhookConfiguration
	must(t, env.Client.Get(t.Context(), hooksKey, &c))
	return c.Webhooks[0].ClientConfig.CABundle
}

func setBundle(t *testing.T, pem []byte) {
	t.Helper()
	var m admissionregistrationv1.MutatingWebhookConfiguration
	must(t, env.Client.Get(t.Context(), hooksKey, &m))
	var v admissionregistrationv1.ValidatingWebhookConfiguration
	must(t, env.Client.Get(t.Context(), hooksKey, &v))
	for i := range m.Webhooks {
		m.Webhooks[i].ClientConfig.CABundle = pem
	}
	for i := range v.Webhooks {
		v.Webhooks[i].ClientConfig.CABundle = pem
	}
	must(t, env.Client.Update(t.Context(), &m))
	must(t, env.Client.Update(t.Context(), &v))
}

func authorities(bundle []byte) (certs []*pem.Block) {
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		certs = append(certs, block)
	}
	return certs
}

func parse(t *testing.T, certificate []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(certificate)
	c, err := x509.ParseCertificate(block.Bytes)
	must(t, err)
	return c
}

func write(t *testing.T, dir string, secret corev1.Secret) {
	t.Helper()
	for _, name := range []string{"tls.crt", "tls.key"} {
		must(t, os.WriteFile(filepath.Join(dir, name), secret.Data[name], 0o600))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
