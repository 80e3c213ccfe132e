// Package egress tests the controller on a real API server with Istio's CRDs, with no
// more rights than it says it needs.
package egress

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/go-logr/logr"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aws-mesh/aws-mesh/test/cluster"
)

var env *cluster.Cluster

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard()) // each manager has a log of its own
	os.Exit(cluster.Main(m, &env, cluster.Options{CRDs: true, ControllerManager: true}))
}

// access returns a user of c with the rights that SetupWithManager documents, and
// those for leader election.
func access(ctx context.Context, c *cluster.Cluster) (*rest.Config, error) {
	const name = "egress"
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: []rbacv1.PolicyRule{
		rule("", "get,list,watch", "pods", "namespaces"),
		rule("networking.istio.io", "get,list,watch,create,patch,update,delete", "destinationrules", "serviceentries", "virtualservices"),
		rule("events.k8s.io", "create,patch", "events"),
		rule("", "create,patch", "events"),
		rule("coordination.k8s.io", "get,create,update", "leases"),
	}}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
	}
	if err := c.Client.Create(ctx, role); err != nil {
		return nil, fmt.Errorf("create role: %w", err)
	}
	if err := c.Client.Create(ctx, binding); err != nil {
		return nil, fmt.Errorf("create binding: %w", err)
	}
	return c.AddUser(name)
}
