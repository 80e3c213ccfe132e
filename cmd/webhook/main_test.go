package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args string
		want string // in the error
	}{
		{"--default-region=eu-west-11", `--default-region: unknown AWS region "eu-west-11" (did you mean "eu-west-1"?)`},
		{"--exclude-ip-ranges=10.1.0.0/16,10.2", `--exclude-ip-ranges: "10.2" is not a range of addresses`},
		{"--port=0", "--port: 0 is not a port (1 to 65535)"},
		{"--port=https", `"https"`},
		{"--prot=1", "unknown flag: --prot"},
		{"--namespace=", "--namespace: has to be set"},
		{"--mutating-configuration=", "--mutating-configuration: has to be set"},
		{"--cert-secret=", "--cert-secret: has to be set, or --cert-dir"},
		{"--cert-validity=1ms", "--cert-validity: 1ms is too short (at least 1s)"},
		{"--shutdown-delay=-1s", "--shutdown-delay: -1s is negative"},
		{"--egress-lease=15ms", "--egress-lease: 15ms is too short (at least 1s)"},
		{"--egress-retention=-1s", "--egress-retention: -1s is negative"},
		{"--egress-gateway=istio-system", `"istio-system" is not namespace/service, as in aws-mesh-egress/gateway`},
		{"--istio-namespace=", `--istio-namespace: "" is not the name of a namespace, as in istio-system`},
		{"--health-addr=8081", `--health-addr: "8081" is not host:port, as in :8080 or 127.0.0.1:8080`},
		{"--metrics-addr=", `--metrics-addr: "" is not host:port`},
		{"--log-level=loud", `"loud"`},
		{"serve", `"serve" is not a flag`},
		{"--kubeconfig=/does/not/exist", "--kubeconfig: "},
		{"--port=0 --namespace=", "--namespace: has to be set"},
	} {
		err := run(t.Context(), strings.Fields(c.args), &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("webhook %s: %v, want %q", c.args, err, c.want)
		}
	}
}

func TestHelpNamesEveryFlagWithItsDefault(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"--help"}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--default-region region", "--egress-retention duration", "(default 10m0s)", "(default 9443)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the help lacks %q:\n%s", want, &out)
		}
	}
}

func TestVersion(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"--version"}, &out); err != nil || out.String() != "aws-mesh webhook devel\n" {
		t.Errorf("--version = %q, %v", &out, err)
	}
}

func TestDefaultsAreValid(t *testing.T) {
	o, err := parseOptions(nil, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	if o.certSettle() != 30*time.Second {
		t.Errorf("a certificate is trusted for %v before it is served, want 30s", o.certSettle())
	}
}
