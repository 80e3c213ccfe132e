package main

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
	"github.com/aws-mesh/aws-mesh/internal/egress"
	"github.com/aws-mesh/aws-mesh/test/cluster"
)

// The designs.
const (
	separate = "separate"
	shared   = "shared"
)

// sharedNamespace has the shared set.
const sharedNamespace = "aws-mesh-shared"

// writers is how many objects are written at a time, as the controller's workers do.
const writers = 16

// A design keeps objects for namespaces.
type design struct {
	name       string
	namespaces []string
	client     client.Client
	hosts      []egress.Host // the last is the one that changes
}

func newDesign(c *cluster.Cluster, name string, n int, services []string) (*design, error) {
	config := rest.CopyConfig(c.Config)
	config.QPS = -1
	cl, err := client.New(config, client.Options{})
	if err != nil {
		return nil, err
	}
	status := awsmesh.Status{InMesh: true, Mode: awsmesh.Plaintext, Services: services, Endpoints: []endpoints.Params{{Region: "eu-west-1"}}}
	plans, err := status.Plans()
	if err != nil {
		return nil, err
	}
	d := &design{name: name, client: cl, hosts: egress.Desired("", plans).Hosts}
	for i := range n {
		d.namespaces = append(d.namespaces, fmt.Sprintf("team-%04d", i))
	}
	return d, nil
}

// changing is the host that changes.
func (d *design) changing() string { return d.hosts[len(d.hosts)-1].Name }

// fill creates all that there is, and returns how many objects that is.
func (d *design) fill(ctx context.Context) (int, error) {
	var names, objects []client.Object
	for _, name := range append([]string{"istio-system", sharedNamespace}, d.namespaces...) {
		names = append(names, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	for _, u := range d.objects(d.namespaces, d.hosts) {
		objects = append(objects, u)
	}
	create := func(o client.Object) error { return d.client.Create(ctx, o) }
	if err := each(names, create); err != nil {
		return 0, err
	}
	return len(objects), each(objects, create)
}

// objects returns those that open hosts to namespaces.
func (d *design) objects(namespaces []string, hosts []egress.Host) (all []*unstructured.Unstructured) {
	if d.name == separate {
		for _, namespace := range namespaces {
			all = append(all, egress.Egress{Namespace: namespace, Hosts: hosts}.Objects()...)
		}
		return all
	}
	var list []any
	for _, namespace := range namespaces {
		list = append(list, namespace)
	}
	for _, u := range (egress.Egress{Namespace: sharedNamespace, Hosts: hosts}).Objects() {
		u.Object["spec"].(map[string]any)["exportTo"] = list
		all = append(all, u)
	}
	return all
}

// open opens the changing host to one namespace more, or closes it there: what a pod that
// asks for another service, or the last such pod, sets off.
func (d *design) open(ctx context.Context, namespace string, open bool) error {
	change, namespaces := d.client.Delete, []string{namespace}
	if open {
		change = func(ctx context.Context, o client.Object, _ ...client.DeleteOption) error {
			return d.client.Create(ctx, o)
		}
	}
	if d.name == shared {
		namespaces = slices.DeleteFunc(slices.Clone(d.namespaces), func(n string) bool { return n == namespace && !open })
		change = func(ctx context.Context, o client.Object, _ ...client.DeleteOption) error { return d.apply(ctx, o) }
	}
	for _, u := range d.objects(namespaces, d.hosts[len(d.hosts)-1:]) {
		if err := change(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// changeAll changes the changing host for all namespaces: what a new release of the
// controller does, which writes its objects in another way.
func (d *design) changeAll(ctx context.Context, seconds int) error {
	var rules []client.Object
	for _, u := range d.objects(d.namespaces, d.hosts[len(d.hosts)-1:]) {
		if u.GetKind() != "DestinationRule" {
			continue
		}
		pool := map[string]any{"connectTimeout": fmt.Sprintf("%ds", seconds)}
		if err := unstructured.SetNestedMap(u.Object, pool, "spec", "trafficPolicy", "connectionPool", "tcp"); err != nil {
			return err
		}
		rules = append(rules, u)
	}
	return each(rules, func(o client.Object) error { return d.apply(ctx, o) })
}

func (d *design) apply(ctx context.Context, o client.Object) error {
	u := client.ApplyConfigurationFromUnstructured(o.(*unstructured.Unstructured))
	return d.client.Apply(ctx, u, client.FieldOwner("scale"), client.ForceOwnership)
}

func each(objects []client.Object, do func(client.Object) error) error {
	var group errgroup.Group
	group.SetLimit(writers)
	for _, o := range objects {
		group.Go(func() error { return do(o) })
	}
	return group.Wait()
}
