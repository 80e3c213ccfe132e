package cluster_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/aws-mesh/aws-mesh/test/cluster"
)

var env *cluster.Cluster

func TestMain(m *testing.M) {
	os.Exit(cluster.Main(m, &env, cluster.Options{CRDs: true, ControllerManager: true, ServiceAccountAdmission: true}))
}

func TestDeploymentGetsItsPod(t *testing.T) {
	ctx := namespace(t, "deployment")
	apply(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: deployment}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}`)
	var pods corev1.PodList
	for len(pods.Items) == 0 {
		if err := env.Client.List(ctx, &pods, client.InNamespace("deployment"), client.MatchingLabels{"app": "web"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	pod := pods.Items[0]
	if got := pod.OwnerReferences[0].Kind; got != "ReplicaSet" {
		t.Errorf("owner of the pod = %q, want ReplicaSet", got)
	}
	if got := pod.Spec.ServiceAccountName; got != "default" {
		t.Errorf("ServiceAccount of the pod = %q, want default: admission is off", got)
	}
}

func TestIstioObjectsAreServed(t *testing.T) {
	ctx := namespace(t, "istio-objects")
	apply(t, `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: aws, namespace: istio-objects}
spec:
  hosts: [sqs.eu-west-1.amazonaws.com]
  ports: [{number: 443, name: http-aws, protocol: HTTP}]
  resolution: NONE`)
	got, err := env.Kubectl(ctx, "get", "serviceentry", "aws", "-n", "istio-objects", "-o", "jsonpath={.spec.resolution}")
	if err != nil || got != "NONE" {
		t.Errorf("resolution = %q, %v, want NONE", got, err)
	}
}

func TestServiceAccountHasOnlyItsRights(t *testing.T) {
	ctx := namespace(t, "rights")
	for _, args := range []string{
		"create serviceaccount reader -n rights",
		"create role reader -n rights --verb=get,list --resource=configmaps",
		"create rolebinding reader -n rights --role=reader --serviceaccount=rights:reader",
	} {
		if _, err := env.Kubectl(ctx, strings.Fields(args)...); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := env.ServiceAccount(ctx, "rights", "reader")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := client.New(cfg, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.List(ctx, &corev1.ConfigMapList{}, client.InNamespace("rights")); err != nil {
		t.Errorf("ConfigMaps, granted: %v", err)
	}
	if err := reader.List(ctx, &corev1.SecretList{}, client.InNamespace("rights")); !apierrors.IsForbidden(err) {
		t.Errorf("Secrets, not granted: %v, want forbidden", err)
	}
	path, err := env.WriteKubeconfig("reader", "rights", cfg)
	if err != nil {
		t.Fatal(err)
	}
	got, err := env.Kubectl(ctx, "auth", "whoami", "--kubeconfig", path, "-o", "jsonpath={.status.userInfo.username}")
	if want := "system:serviceaccount:rights:reader"; err != nil || got != want {
		t.Errorf("whoami = %q, %v, want %q", got, err, want)
	}
}

func TestUserHasOnlyItsRights(t *testing.T) {
	cfg, err := env.AddUser("nobody-in-particular")
	if err != nil {
		t.Fatal(err)
	}
	nobody, err := client.New(cfg, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := nobody.List(t.Context(), &corev1.PodList{}); !apierrors.IsForbidden(err) {
		t.Errorf("Pods: %v, want forbidden", err)
	}
}

func TestDeletedNamespaceGoesAway(t *testing.T) {
	ctx := namespace(t, "short-lived")
	if _, err := env.Kubectl(ctx, "delete", "namespace", "short-lived", "--timeout=30s"); err != nil {
		t.Error(err)
	}
}

func TestMissingBinariesAreNamed(t *testing.T) {
	t.Setenv("KUBEBUILDER_ASSETS", t.TempDir())
	_, err := cluster.Start(t.Context(), cluster.Options{})
	if err == nil || !strings.Contains(err.Error(), "kube-apiserver") || !strings.Contains(err.Error(), "make assets") {
		t.Errorf("Start = %v, want an error that names the binary and says to run make assets", err)
	}
}

func namespace(t *testing.T, name string) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	if err := env.CreateNamespace(ctx, name); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func apply(t *testing.T, manifest string) {
	t.Helper()
	var u unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(manifest), &u); err != nil {
		t.Fatal(err)
	}
	if err := env.Client.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(&u), client.FieldOwner("test")); err != nil {
		t.Fatal(err)
	}
}
