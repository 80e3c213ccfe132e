package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

const gatewayNamespace = "aws-mesh-egress"

// ownWay is what a namespace writes that wants to use the gateway without asking.
const ownWay = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: gateway}
spec:
  host: gateway.aws-mesh-egress.svc.cluster.local
  exportTo: ["."]
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}
`

// TestEgressGateway turns the egress gateway on, as the overlay for it does, and off
// again, with applications that go on calling. Other tests wait: it is for the whole
// cluster.
func TestEgressGateway(t *testing.T) {
	orders := app{Name: "orders", Annotations: asks("plaintext")}
	bills := app{Name: "bills", Annotations: asks("plaintext")}
	bills.Annotations[awsmesh.AnnotationS3Buckets] = "aws-mesh-sample"
	stranger := probe("stranger", false, nil)
	shop := space{Name: "gateway-shop", Policy: "REGISTRY_ONLY", Apps: []app{orders}}
	billing := space{Name: "gateway-billing", Policy: "ALLOW_ANY", Apps: []app{bills}}
	others := space{Name: "gateway-others", Policy: "ALLOW_ANY", Manifest: ownWay, Apps: []app{stranger}}
	createAll(t, shop, billing, others)
	shop.expect(t, orders, "v2", "dynamodb", viaSidecar)
	pod := env.Pod(shop.Name, shop.pod(t, orders), 8080)
	calling := func(ctx context.Context) error { return works(ctx, pod) }

	stop := make(chan struct{})
	calls := repeat(t.Context(), stop, calling)
	gateway := turnOn(t)
	shop.comesFrom(t, orders, gateway)
	billing.comesFrom(t, bills, gateway)
	close(stop)
	cell(t, []string{"turned on", "calls"}, calls.check)

	for _, c := range []struct {
		space
		app
	}{{shop, orders}, {billing, bills}} {
		for _, sdk := range []string{"v1", "v2"} {
			for _, service := range []string{"dynamodb", "s3"} {
				cell(t, []string{c.space.Name, sdk + " " + service}, func(t *testing.T) { c.space.leaves(t, c.app, gateway, sdk, service, seesAll) })
			}
		}
	}
	for _, host := range []string{"dynamodb.eu-west-1.amazonaws.com", "aws-mesh-sample.s3.eu-west-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com"} {
		cell(t, []string{"a namespace that did not ask", host}, func(t *testing.T) { others.refused(t, stranger, host) })
	}
	cell(t, []string{"the other namespace goes", "calls"}, func(t *testing.T) {
		stop := make(chan struct{})
		calls := repeat(t.Context(), stop, calling)
		kubectl(t, "delete namespace gateway-billing --timeout=300s")
		close(stop)
		calls.check(t)
		shop.leaves(t, orders, gateway, "v2", "s3", seesAll)
	})
	cell(t, []string{"the gateway is down", "calls"}, func(t *testing.T) {
		kubectl(t, "-n "+gatewayNamespace+" scale deployment gateway --replicas=0")
		kubectl(t, "-n "+gatewayNamespace+" delete pods --all --grace-period=1")
		shop.failsClosed(t, orders)
	})
	cell(t, []string{"AWS has the certificate of another name", "calls"}, func(t *testing.T) {
		t.Cleanup(func() {
			if err := env.AWS().Reset(context.Background()); err != nil {
				t.Error(err)
			}
		})
		if err := env.AWS().Fault(t.Context(), aws.Fault{Kind: aws.WrongName}); err != nil {
			t.Fatal(err)
		}
		kubectl(t, "-n "+gatewayNamespace+" scale deployment gateway --replicas=1")
		kubectl(t, "-n "+gatewayNamespace+" rollout status deployment gateway --timeout=600s")
		shop.failsClosed(t, orders)
	})
	cell(t, []string{"turned off", "calls"}, func(t *testing.T) {
		if err := env.Until(t.Context(), "the gateway to be back", calling); err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		calls := repeat(t.Context(), stop, calling)
		asInstalled(t)
		shop.comesFrom(t, orders, []string{shop.get(t, orders).Status.PodIP})
		removeGateway(t)
		close(stop)
		calls.check(t)
		shop.expect(t, orders, "v2", "dynamodb", viaSidecar)
	})
}

// turnOn applies first the gateway and then the rest, as docs/egress-gateway.md says, and
// returns the addresses of the gateway's pods.
func turnOn(t *testing.T) (addresses []string) {
	t.Helper()
	const component = "../../deploy/components/egress-gateway"
	t.Cleanup(func() { removeGateway(t) })
	t.Cleanup(func() { asInstalled(t) })
	kubectl(t, "apply --server-side -f "+component+"/gateway.yaml -f "+component+"/routes.yaml")
	kubectl(t, "-n "+gatewayNamespace+" rollout status deployment gateway --timeout=600s")
	kubectl(t, "apply --server-side --force-conflicts -k ../../deploy/overlays/egress-gateway")
	kubectl(t, "-n aws-mesh-system rollout status deployment aws-mesh-webhook --timeout=600s")
	pods, err := env.Kubectl(t.Context(), "-n", gatewayNamespace, "get", "pods", "-o", "jsonpath={.items[*].status.podIP}")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(pods)
}

// asInstalled applies what the mesh began with: no flag of ours is set.
func asInstalled(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	install, err := os.ReadFile("../../deploy/install.yaml")
	if err := errors.Join(err, env.Apply(ctx, string(install)), env.Rollout(ctx, "aws-mesh-system", "aws-mesh-webhook")); err != nil {
		t.Error(err)
	}
}

func removeGateway(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if _, err := env.Kubectl(ctx, "delete", "namespace", gatewayNamespace, "--ignore-not-found", "--timeout=300s"); err != nil {
		t.Error(err)
	}
}

// comesFrom waits until the app's calls reach AWS from one of addresses.
func (s space) comesFrom(t *testing.T, a app, addresses []string) {
	t.Helper()
	if err := env.Until(t.Context(), fmt.Sprint("calls from ", addresses), func(context.Context) error {
		for _, r := range seesAll(t, func() { s.call(t, a, "v1", "dynamodb") }) {
			if slices.Contains(addresses, r.Client) {
				return nil
			}
		}
		return errors.New("AWS sees none")
	}); err != nil {
		t.Fatal(err)
	}
}

// leaves demands that a call works, and that AWS sees it come from one of addresses: in
// verified TLS, signed, and without a word about the mesh.
func (s space) leaves(t *testing.T, a app, addresses []string, sdk, service string, sees func(*testing.T, func()) []aws.Record) {
	t.Helper()
	records := sees(t, func() {
		if o := s.call(t, a, sdk, service); !o.OK {
			t.Errorf("the application got %+v", o)
		}
	})
	if len(records) == 0 {
		t.Error("AWS saw nothing")
	}
	for _, r := range records {
		if !slices.Contains(addresses, r.Client) || r.Via != aws.ViaTLS || r.SNI != r.Host || r.Verdict != aws.Valid ||
			!strings.Contains(r.Host, service) || r.Protocol != "HTTP/1.1" {
			t.Errorf("AWS saw %s %s of host %q from %s, want one of %q; with SNI %q, via %s, signature %s %s, %s",
				r.Method, r.URI, r.Host, r.Client, addresses, r.SNI, r.Via, r.Verdict, r.Problem, r.Protocol)
		}
		for name := range r.Header {
			if strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "X-Envoy-") {
				t.Errorf("AWS is told %s: %s", name, r.Header.Get(name))
			}
		}
	}
}

// failsClosed demands that a call fails because there is no connection to AWS, and that AWS sees
// nothing, from wherever.
func (s space) failsClosed(t *testing.T, a app) {
	t.Helper()
	for _, sdk := range []string{"v1", "v2"} {
		records := seesAll(t, func() {
			if o := s.call(t, a, sdk, "dynamodb"); o.Kind != inmesh.ErrUpstream.Error() {
				t.Errorf("the application got %+v, want %v", o, inmesh.ErrUpstream)
			}
		})
		if len(records) > 0 {
			t.Errorf("AWS saw %+v", records)
		}
	}
}

// refused demands that the gateway does not let out a request that a pod of the space
// sends it for host.
func (s space) refused(t *testing.T, a app, host string) {
	t.Helper()
	records := seesAll(t, func() {
		got := ask[struct {
			Status int
			Said   string
		}](t, s, s.pod(t, a), "fetch?url=http://gateway.aws-mesh-egress.svc.cluster.local:443/&host="+host)
		if got.Status != 503 || !strings.Contains(got.Said, "the egress gateway has no route") {
			t.Errorf("the gateway answered %+v", got)
		}
	})
	if len(records) > 0 {
		t.Errorf("AWS saw %+v", records)
	}
}

// seesAll returns what AWS sees while something is done, from wherever.
func seesAll(t *testing.T, do func()) (records []aws.Record) {
	t.Helper()
	start := time.Now()
	do()
	var all []aws.Record
	if err := env.AWS().Records(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.Time.After(start) {
			records = append(records, r)
		}
	}
	return records
}
