package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A Source gives the certificate that is being served. It has the form of
// [tls.Config.GetCertificate].
type Source func(*tls.ClientHelloInfo) (*tls.Certificate, error)

// Trust compares the certificate that is served with the authorities that the API
// server is told to trust.
type Trust struct {
	Reader         client.Reader
	Configurations Configurations
	Serving        Source
}

// Check reports why the API server would refuse the certificate. It is a readiness
// check: until it passes, another replica can answer better.
func (t Trust) Check(r *http.Request) error {
	cert, err := t.Serving(nil)
	if err != nil {
		return err
	}
	if cert == nil {
		return errNoCertificate
	}
	objs, err := t.Configurations.read(r.Context(), t.Reader)
	if err != nil {
		return err
	}
	for _, obj := range objs {
		for _, c := range clientConfigs(obj) {
			name, err := serverName(c)
			if err == nil {
				err = verify(cert, certificates(c.CABundle), name, time.Now())
			}
			if err != nil {
				return fmt.Errorf("%s: %w", describe(obj), err)
			}
		}
	}
	return nil
}

var errNoCertificate = errors.New("no serving certificate yet")
