package check

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

func gvr(group, resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: group, Version: "v1", Resource: resource}
}

func istio(resource string) schema.GroupVersionResource { return gvr("networking.istio.io", resource) }

// Read reads what concerns a scope. What it may not read, or the cluster does not have, is
// in the Snapshot's Unread; any other failure is an error.
func Read(ctx context.Context, client dynamic.Interface, scope Scope) (*Snapshot, error) {
	r := reader{ctx: ctx, client: client}
	r.list(gvr("admissionregistration.k8s.io", "mutatingwebhookconfigurations"), "", "")
	if scope.Namespace == "" {
		r.list(gvr("", "namespaces"), "", "")
	} else {
		r.get(gvr("", "namespaces"), "", scope.Namespace)
	}
	if !r.list(gvr("", "pods"), scope.Namespace, "") && r.err == nil {
		last := r.snapshot.Unread[len(r.snapshot.Unread)-1]
		return nil, fmt.Errorf("%s: %s, and without them there is nothing to say", last.What, last.Why)
	}
	for _, resource := range []string{"deployments", "statefulsets", "daemonsets"} {
		r.list(gvr("apps", resource), scope.Namespace, "")
	}
	for _, resource := range []string{"jobs", "cronjobs"} {
		r.list(gvr("batch", resource), scope.Namespace, "")
	}
	for _, resource := range []string{"serviceentries", "destinationrules", "virtualservices", "sidecars"} {
		r.wide(istio(resource), scope.Namespace)
	}
	if at := ourService(&r.snapshot); at.namespace != "" {
		r.list(gvr("discovery.k8s.io", "endpointslices"), at.namespace, ofService+"="+at.name)
		if at.namespace != scope.Namespace && scope.Namespace != "" {
			r.list(gvr("apps", "deployments"), at.namespace, ourLabel)
		}
	}
	if viaWaypoints(&r.snapshot) {
		r.list(gvr("gateway.networking.k8s.io", "gateways"), scope.Namespace, "")
	}
	for _, name := range meshConfigMaps(&r.snapshot) {
		r.get(gvr("", "configmaps"), scope.IstioNamespace, name)
	}
	return &r.snapshot, r.err
}

// A reader collects a Snapshot until something fails.
type reader struct {
	ctx      context.Context
	client   dynamic.Interface
	snapshot Snapshot
	err      error
}

func (r *reader) list(resource schema.GroupVersionResource, namespace, labels string) bool {
	if r.err != nil {
		return false
	}
	list, err := r.client.Resource(resource).Namespace(namespace).List(r.ctx, metav1.ListOptions{LabelSelector: labels})
	if !r.done(resource, namespace, "", err) {
		return false
	}
	for i := range list.Items {
		r.snapshot.add(&list.Items[i])
	}
	return true
}

// wide lists a resource in all namespaces, since what concerns one may be in another; or
// in that one, if no more is allowed.
func (r *reader) wide(resource schema.GroupVersionResource, namespace string) {
	if r.list(resource, "", "") || r.err != nil || namespace == "" {
		return
	}
	if last := len(r.snapshot.Unread) - 1; !r.snapshot.Unread[last].absent && r.list(resource, namespace, "") {
		r.snapshot.Unread[last].What += " of other namespaces"
	} else {
		r.snapshot.Unread = r.snapshot.Unread[:last+1]
	}
}

func (r *reader) get(resource schema.GroupVersionResource, namespace, name string) {
	if r.err != nil {
		return
	}
	u, err := r.client.Resource(resource).Namespace(namespace).Get(r.ctx, name, metav1.GetOptions{})
	if r.done(resource, namespace, name, err) {
		r.snapshot.add(u)
	}
}

// done notes how a request came out, and reports whether well.
func (r *reader) done(resource schema.GroupVersionResource, namespace, name string, err error) bool {
	what := strings.TrimSpace(resource.Resource + " " + name)
	if namespace != "" {
		what += " in namespace " + namespace
	}
	switch {
	case err == nil:
		return true
	case apierrors.IsForbidden(err):
		r.unread(what, "no right to "+verb(name)+" "+resource.GroupResource().String(), false)
	case apierrors.IsNotFound(err):
		r.unread(what, "not there", true)
	default:
		r.err = fmt.Errorf("%s: %w", what, err)
	}
	return false
}

func verb(name string) string {
	if name == "" {
		return "list"
	}
	return "get"
}

func (r *reader) unread(what, why string, absent bool) {
	r.snapshot.Unread = append(r.snapshot.Unread, Unread{What: what, Why: why, absent: absent})
}
