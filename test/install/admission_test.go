package install_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const workload = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: %[1]s}
spec:
  replicas: 1
  selector: {matchLabels: {app: orders}}
  template:
    metadata:
      labels: {app: orders}
      annotations: {%[2]s}
    spec:
      containers:
      - {name: app, image: app, env: [{name: LOG_LEVEL, value: debug}]}
      - {name: istio-proxy, image: proxy, args: [proxy, sidecar]}
`

// The main job, as a user sees it.
func TestAnnotatedDeploymentIsInMeshMode(t *testing.T) {
	run(t, 2)
	ns := newNamespace(t, "orders")
	must(t, apply(t, fmt.Sprintf(workload, ns, `aws-mesh/services: "dynamodb,sqs", aws-mesh/region: eu-west-1`)))
	pod := firstPod(t, ns)
	vars := map[string]string{}
	for _, v := range pod.Spec.Containers[0].Env {
		vars[v.Name] = v.Value
	}
	if vars["AWS_MESH_IN_MESH"] != "true" || vars["AWS_MESH_SERVICES"] != "dynamodb,sqs" || vars["AWS_REGION"] != "eu-west-1" || vars["LOG_LEVEL"] != "debug" {
		t.Errorf("environment of the pod = %v", vars)
	}
	for _, host := range []string{"dynamodb.eu-west-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com"} {
		eventually(t, func() error { return opened(t, ns, host) })
	}
}

// opened reports why namespace has no ServiceEntry for host.
func opened(t *testing.T, namespace, host string) error {
	t.Helper()
	hosts, err := env.Kubectl(t.Context(), "get", "serviceentries", "-n", namespace, "-o", "jsonpath={.items[*].spec.hosts[*]}")
	if err == nil && !strings.Contains(" "+hosts+" ", " "+host+" ") {
		err = fmt.Errorf("ServiceEntries of %s are for %q, want %s", namespace, hosts, host)
	}
	return err
}

// Pods that do not ask never reach the webhook, so they do not need it either.
func TestOtherPodsNeverReachTheWebhook(t *testing.T) {
	replicas := run(t, 1)
	ns := newNamespace(t, "others")
	before := replicas[0].requests(t)
	for name, meta := range map[string]metav1.ObjectMeta{
		"nothing":       {},
		"annotations":   {Annotations: map[string]string{"app": "x"}},
		"labels":        {Labels: map[string]string{"app": "x"}},
		"both":          {Annotations: map[string]string{"app": "x"}, Labels: map[string]string{"app": "x"}},
		"near-miss":     {Annotations: map[string]string{"aws-mesh/region": "eu-west-1", "aws-mesh-services": "s3"}},
		"generate-name": {GenerateName: "x-"},
	} {
		must(t, create(t, ns, name, meta))
	}
	must(t, apply(t, fmt.Sprintf(strings.ReplaceAll(workload, "orders", "plain"), ns, "team: x")))
	firstPod(t, ns)
	if n := replicas[0].requests(t) - before; n != 0 {
		t.Errorf("%d requests for pods that did not ask", n)
	}
	var pod corev1.Pod
	must(t, env.Client.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "near-miss"}, &pod))
	if len(pod.Spec.Containers[0].Env) != 0 || len(pod.Annotations) != 2 {
		t.Errorf("a pod that did not ask was changed: %v %v", pod.Annotations, pod.Spec.Containers[0].Env)
	}
	for _, meta := range []metav1.ObjectMeta{ // these do: with what only we may set
		{Annotations: map[string]string{"aws-mesh/status": "{}"}},
		{Labels: map[string]string{"aws-mesh/egress": "true"}},
	} {
		before := replicas[0].requests(t)
		must(t, create(t, ns, "forged-"+fmt.Sprint(len(meta.Labels)), meta))
		if replicas[0].requests(t) == before {
			t.Errorf("a pod with %v %v did not reach the webhook", meta.Annotations, meta.Labels)
		}
	}

	replicas[0].kill(t)
	must(t, create(t, ns, "webhook-is-dead", metav1.ObjectMeta{Annotations: map[string]string{"app": "x"}}))
	if err := env.Client.Create(t.Context(), annotated(ns, "asks")); err == nil || !strings.Contains(err.Error(), "pods.mutate.aws-mesh") {
		t.Errorf("a pod that asks while the webhook is dead: %v, want refused", err)
	}
}

func create(t *testing.T, namespace, name string, meta metav1.ObjectMeta) error {
	t.Helper()
	pod := annotated(namespace, name)
	meta.Namespace = namespace
	if meta.GenerateName == "" {
		meta.Name = name
	}
	pod.ObjectMeta = meta
	return env.Client.Create(t.Context(), pod)
}

// A typo is found by the one who makes it, when he makes it.
func TestTypoIsRefusedAtApply(t *testing.T) {
	r := run(t, 1)[0]
	ns := newNamespace(t, "typos")
	err := apply(t, fmt.Sprintf(workload, ns, `aws-mesh/services: dynamo, aws-mesh/region: eu-west-1`))
	if err == nil || !strings.Contains(err.Error(), `unknown AWS service "dynamo" (did you mean "dynamodb"?)`) {
		t.Errorf("kubectl apply: %v, want the service that was meant", err)
	}
	t.Log(err)
	if want := `aws_mesh_admission_duration_seconds_count{outcome="refused"} 1`; !strings.Contains(r.metrics(t), want) {
		t.Errorf("the metrics lack %s", want)
	}
}

// What was let in wrong, while the webhook was away, can be scaled and deleted, but not
// changed into something else that is wrong.
func TestWrongDeploymentIsNotStuck(t *testing.T) {
	ns := newNamespace(t, "wrong")
	wrong := fmt.Sprintf(workload, ns, `aws-mesh/services: dynamo`)
	must(t, apply(t, wrong)) // nobody is there: failurePolicy Ignore
	r := run(t, 1)[0]
	before := r.requests(t)
	_, err := env.Kubectl(t.Context(), "scale", "deployment/orders", "-n", ns, "--replicas=0")
	must(t, err)
	_, err = env.Kubectl(t.Context(), "annotate", "deployment/orders", "-n", ns, "team=x")
	must(t, err)
	_, err = env.Kubectl(t.Context(), "set", "image", "deployment/orders", "-n", ns, "app=other")
	if err == nil || !strings.Contains(err.Error(), "dynamodb") {
		t.Errorf("a changed template: %v, want refused", err)
	}
	if r.requests(t) == before {
		t.Error("no request was counted")
	}
	_, err = env.Kubectl(t.Context(), "delete", "deployment/orders", "-n", ns, "--timeout=20s")
	must(t, err)
}

// Every kind whose template makes pods is looked at, for what it asks and for a key that
// is misspelled.
func TestEveryWorkloadIsChecked(t *testing.T) {
	run(t, 1)
	ns := newNamespace(t, "kinds")
	for _, tt := range []struct{ key, value, want string }{
		{"aws-mesh/services", "dynamo", `did you mean "dynamodb"?`},
		{"aws-mesh/service", "dynamodb", `unknown annotation "aws-mesh/service" (known: aws-mesh/services, `},
	} {
		for kind, spec := range specs(t, map[string]any{tt.key: tt.value}) {
			obj := object(kind, ns, spec)
			if err := env.Client.Create(t.Context(), obj); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s with %s: %v, want refused", kind, tt.key, err)
			}
		}
	}
	// A controller makes of a template what it can: a misspelled key is no pod's to ask.
	const kind = "apps/v1 ReplicaSet"
	owned := object(kind, ns, specs(t, map[string]any{"aws-mesh/service": "dynamodb"})[kind])
	owned.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "x", UID: "0"}})
	must(t, env.Client.Create(t.Context(), owned))
	// A template need not be there.
	must(t, env.Client.Create(t.Context(), &corev1.ReplicationController{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "no-annotations"},
		Spec: corev1.ReplicationControllerSpec{Selector: map[string]string{"app": "y"}, Template: &corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "y"}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app"}}},
		}},
	}))
}

// specs returns the spec of each kind of workload, by version and kind, with annotations
// on its template.
func specs(t *testing.T, annotations map[string]any) map[string]map[string]any {
	t.Helper()
	labels := map[string]any{"app": "x"}
	pod := map[string]any{
		"metadata": map[string]any{"labels": labels, "annotations": annotations},
		"spec":     map[string]any{"restartPolicy": "Always", "containers": []any{map[string]any{"name": "app", "image": "app"}}},
	}
	once := (&unstructured.Unstructured{Object: map[string]any{"template": pod}}).DeepCopy().Object
	must(t, unstructured.SetNestedField(once, "Never", "template", "spec", "restartPolicy"))
	selector := map[string]any{"matchLabels": labels}
	return map[string]map[string]any{
		"apps/v1 Deployment":       {"selector": selector, "template": pod},
		"apps/v1 StatefulSet":      {"selector": selector, "template": pod},
		"apps/v1 DaemonSet":        {"selector": selector, "template": pod},
		"apps/v1 ReplicaSet":       {"selector": selector, "template": pod},
		"v1 ReplicationController": {"selector": labels, "template": pod},
		"batch/v1 Job":             once,
		"batch/v1 CronJob":         {"schedule": "0 0 * * *", "jobTemplate": map[string]any{"spec": once}},
	}
}

func object(kind, namespace string, spec map[string]any) *unstructured.Unstructured {
	version, name, _ := strings.Cut(kind, " ")
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": version, "kind": name, "spec": spec,
		"metadata": map[string]any{"name": "x", "namespace": namespace},
	}}
}

// The namespace's region is used for pods that come with it.
func TestRegionOfANewNamespace(t *testing.T) {
	run(t, 1)
	for i := range 10 {
		name := fmt.Sprintf("region-%d", i)
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{"aws-mesh/region": "eu-central-1"}}}
		must(t, env.Client.Create(t.Context(), ns))
		pod := annotated(name, "app")
		delete(pod.Annotations, "aws-mesh/region")
		pod.Spec.ServiceAccountName = "default"
		eventually(t, func() error { return needsAccount(t, env.Client.Create(t.Context(), pod)) })
		if !strings.Contains(pod.Annotations["aws-mesh/status"], "eu-central-1") {
			t.Errorf("status = %s, want eu-central-1", pod.Annotations["aws-mesh/status"])
		}
	}
}

// needsAccount passes only what goes away when the controller manager has been there.
func needsAccount(t *testing.T, err error) error {
	t.Helper()
	if err != nil && !strings.Contains(err.Error(), "serviceaccount") {
		t.Fatal(err)
	}
	return err
}

// Our own Deployment is admitted under restricted pod security, before there is any
// webhook.
func TestOwnPodsAreAdmitted(t *testing.T) {
	eventually(t, func() error {
		out, err := env.Kubectl(t.Context(), "get", "pods", "-n", namespace, "-o", "name")
		if err == nil && strings.Count(out, "pod/") != 2 {
			events, _ := env.Kubectl(t.Context(), "get", "events", "-n", namespace)
			err = fmt.Errorf("pods = %q, want 2; events:\n%s", out, events)
		}
		return err
	})
}

func firstPod(t *testing.T, namespace string) (pod corev1.Pod) {
	t.Helper()
	eventually(t, func() error {
		var pods corev1.PodList
		err := env.Client.List(t.Context(), &pods, client.InNamespace(namespace), client.HasLabels{"pod-template-hash"})
		if err == nil && len(pods.Items) == 0 {
			err = errors.New("the Deployment has no pod")
		}
		if err == nil {
			pod = pods.Items[0]
		}
		return err
	})
	return pod
}

func apply(t *testing.T, manifest string) error {
	t.Helper()
	cmd := env.Command(t.Context(), "apply", "-f", "-")
	cmd.Stdin = strings.NewReader(manifest)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
