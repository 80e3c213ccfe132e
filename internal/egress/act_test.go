package egress

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// refusing is an API server that refuses what it is to apply for one host.
type refusing struct {
	client.Client
	host    string
	applied []string
	deleted []string
}

func (r *refusing) Apply(_ context.Context, o runtime.ApplyConfiguration, _ ...client.ApplyOption) error {
	u := o.(interface{ GetName() string })
	if strings.Contains(u.GetName(), r.host) {
		return errors.New("denied the request")
	}
	r.applied = append(r.applied, u.GetName())
	return nil
}

func (r *refusing) Delete(_ context.Context, o client.Object, _ ...client.DeleteOption) error {
	r.deleted = append(r.deleted, o.GetName())
	return nil
}

// What is there stays for a host whose new objects are refused: it must not be without TLS
// origination in between. Another host's goes.
func TestNothingIsDeletedAfterAFailedApply(t *testing.T) {
	api := &refusing{host: "sqs"}
	r := reconciler(t, api)
	of := func(mode awsmesh.Mode, kind string) (objects []*unstructured.Unstructured) {
		e := Egress{Namespace: namespace, Hosts: []Host{{Name: "sns.eu-west-1.amazonaws.com", Mode: mode}, {Name: "sqs.eu-west-1.amazonaws.com", Mode: mode}}}
		return slices.DeleteFunc(e.Objects(), func(u *unstructured.Unstructured) bool { return u.GetKind() != kind })
	}
	s := &situation{memory: &remembered{refused: map[ref]refusal{}}}
	err := r.act(t.Context(), changes{apply: of(awsmesh.Passthrough, serviceEntry), delete: of(awsmesh.Plaintext, destinationRule)}, fixedNow(), s)
	if err == nil || !strings.Contains(err.Error(), "apply ServiceEntry shop/aws-mesh-sqs.eu-west-1.amazonaws.com: denied") {
		t.Errorf("error: %v", err)
	}
	if want := []string{"aws-mesh-sns.eu-west-1.amazonaws.com"}; !slices.Equal(api.deleted, want) {
		t.Errorf("deleted: %q, want %q", api.deleted, want)
	}
}

// The legs of a host at the egress gateway and at the sidecars belong together, also where
// their names end in a hash: the sidecars' is not applied after the other has failed, and
// nothing of either is deleted.
func TestLegsAreOneHost(t *testing.T) {
	const bucket = "any.s3.eu-west-1.amazonaws.com"
	e := Egress{Namespace: namespace, Hosts: []Host{{Name: bucket, Mode: awsmesh.Plaintext}}, Gateway: Gateway{"egress", "gateway"}}
	old := Egress{Namespace: namespace, Hosts: e.Hosts}
	api := &refusing{host: Name(bucket + atGateway)}
	s := &situation{observation: observation{egress: e}, memory: &remembered{refused: map[ref]refusal{}}}
	if err := reconciler(t, api).act(t.Context(), changes{apply: e.Objects(), delete: old.Objects()}, fixedNow(), s); err == nil {
		t.Error("no error")
	}
	if want := []string{Name(e.Gateway.host())}; !slices.Equal(api.applied, want) || api.deleted != nil {
		t.Errorf("applied: %q, want %q; deleted: %q, want none", api.applied, want, api.deleted)
	}
}

func reconciler(t *testing.T, api client.Client) *Reconciler {
	r := &Reconciler{Client: api}
	var err error
	if r.metrics, err = newMetrics(prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	return r
}
