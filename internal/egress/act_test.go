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
	deleted []string
}

func (r *refusing) Apply(_ context.Context, o runtime.ApplyConfiguration, _ ...client.ApplyOption) error {
	if u := o.(interface{ GetName() string }); strings.Contains(u.GetName(), r.host) {
		return errors.New("denied the request")
	}
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
	r := &Reconciler{Client: api}
	var err error
	if r.metrics, err = newMetrics(prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	of := func(mode awsmesh.Mode, kind string) (objects []*unstructured.Unstructured) {
		e := Egress{Namespace: namespace, Hosts: []Host{{Name: "sns.eu-west-1.amazonaws.com", Mode: mode}, {Name: "sqs.eu-west-1.amazonaws.com", Mode: mode}}}
		return slices.DeleteFunc(e.Objects(), func(u *unstructured.Unstructured) bool { return u.GetKind() != kind })
	}
	s := &situation{memory: &remembered{refused: map[ref]refusal{}}}
	err = r.act(t.Context(), changes{apply: of(awsmesh.Passthrough, serviceEntry), delete: of(awsmesh.Plaintext, destinationRule)}, fixedNow(), s)
	if err == nil || !strings.Contains(err.Error(), "apply ServiceEntry shop/aws-mesh-sqs.eu-west-1.amazonaws.com: denied") {
		t.Errorf("error: %v", err)
	}
	if want := []string{"aws-mesh-sns.eu-west-1.amazonaws.com"}; !slices.Equal(api.deleted, want) {
		t.Errorf("deleted: %q, want %q", api.deleted, want)
	}
}
