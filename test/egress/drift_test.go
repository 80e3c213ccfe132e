package egress

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/internal/egress"
)

func TestDriftIsRepaired(t *testing.T) {
	s := newSpace(t, env.Client, "drift")
	start(t, env, &egress.Reconciler{})
	s.addPod("web", status("sqs").String())
	s.has("sqs")
	const host = "aws-mesh-sqs.eu-west-1.amazonaws.com"
	for name, drift := range map[string]struct{ kind, patch string }{
		"a field is changed":       {"ServiceEntry", `{"spec":{"exportTo":["*"]}}`},
		"a field is removed":       {"DestinationRule", `{"spec":{"trafficPolicy":{"tls":{"subjectAltNames":null}}}}`},
		"a field is added":         {"DestinationRule", `{"spec":{"trafficPolicy":{"tls":{"insecureSkipVerify":true}}}}`},
		"a list is added to":       {"VirtualService", `{"spec":{"http":[{"timeout":"1s","route":[{"destination":{"host":"evil.example.com"}}]}]}}`},
		"a map is added":           {"DestinationRule", `{"spec":{"workloadSelector":{"matchLabels":{"app":"web"}}}}`},
		"one of our labels is set": {"ServiceEntry", `{"metadata":{"labels":{"networking.istio.io/enable-autoallocate-ip":"true"}}}`},
	} {
		t.Log(name)
		u := s.named(drift.kind, host)
		s.must(s.client.Patch(t.Context(), u, client.RawPatch("application/merge-patch+json", []byte(drift.patch)), client.FieldOwner("somebody")))
		s.has("sqs")
	}
	for _, kind := range []string{"ServiceEntry", "DestinationRule", "VirtualService"} {
		t.Log("deleted:", kind)
		s.delete(s.named(kind, host))
		s.has("sqs")
	}
}

func (s space) named(kind, name string) *unstructured.Unstructured {
	s.t.Helper()
	u := &unstructured.Unstructured{}
	u.SetAPIVersion("networking.istio.io/v1")
	u.SetKind(kind)
	s.must(s.client.Get(s.t.Context(), client.ObjectKey{Namespace: s.name, Name: name}, u))
	return u
}

// Nothing is written when nothing has changed: not on the cache's periodic sync, not
// when others touch what we do not read, and not after a restart.
func TestNothingIsWrittenTwice(t *testing.T) {
	s := newSpace(t, env.Client, "resync")
	run := start(t, env, &egress.Reconciler{}, func(o *ctrl.Options) { o.Cache.SyncPeriod = new(time.Second) })
	pod := s.addPod("web", status("dynamodb", "sqs").String())
	objects := s.has("dynamodb", "sqs")
	run.settle()
	if n := len(run.writes.to(s.name)); n != len(objects) {
		t.Errorf("%d writes for %d objects", n, len(objects))
	}
	before, reconciles := len(run.writes.to(s.name)), reconcileCount(t)

	s.must(s.client.Patch(t.Context(), pod, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"annotations":{"a":"b"}}}`))))
	u := s.named("ServiceEntry", "aws-mesh-sqs.eu-west-1.amazonaws.com")
	s.must(s.client.Patch(t.Context(), u, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"team":"shop"}}}`))))
	objects = s.ours()
	time.Sleep(3 * time.Second)
	if n := reconcileCount(t) - reconciles; n < 2 {
		t.Errorf("%v reconciles in 3 s, want one a second", n)
	}
	if is, was := versions(s.ours()), versions(objects); is != was {
		t.Errorf("versions changed:\n%s\nwere:\n%s", is, was)
	}
	if n := len(run.writes.to(s.name)) - before; n != 0 {
		t.Errorf("%d needless writes", n)
	}

	run.stop()
	run = start(t, env, &egress.Reconciler{})
	run.settle()
	if n := len(run.writes.to(s.name)); n != 0 {
		t.Errorf("%d writes after a restart", n)
	}
}

// Something in the cluster changes what we write, each time: we do not fight.
func TestChangedBack(t *testing.T) {
	s := newSpace(t, env.Client, "changed-back")
	fail := admissionv1.Fail
	policy := &admissionv1.MutatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "skip-verify"},
		Spec: admissionv1.MutatingAdmissionPolicySpec{
			FailurePolicy:      &fail,
			ReinvocationPolicy: admissionv1.NeverReinvocationPolicy,
			MatchConstraints: &admissionv1.MatchResources{
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": s.name}},
				ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
					Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
					Rule:       admissionv1.Rule{APIGroups: []string{"networking.istio.io"}, APIVersions: []string{"v1"}, Resources: []string{"destinationrules"}},
				}}},
			},
			Mutations: []admissionv1.Mutation{{
				PatchType: admissionv1.PatchTypeJSONPatch,
				JSONPatch: &admissionv1.JSONPatch{Expression: `[JSONPatch{op: "add", path: "/spec/trafficPolicy/tls/insecureSkipVerify", value: true}]`},
			}},
		},
	}
	binding := &admissionv1.MutatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: policy.Name},
		Spec:       admissionv1.MutatingAdmissionPolicyBindingSpec{PolicyName: policy.Name},
	}
	for _, o := range []client.Object{policy, binding} {
		s.must(s.client.Create(t.Context(), o))
		defer s.delete(o)
	}
	probe := s.desired("sns")[0]
	eventually(t, func() error { // the API server takes a moment to know its policy
		u := probe.DeepCopy()
		u.SetName("probe")
		if err := s.client.Create(t.Context(), u, client.DryRunAll); err != nil {
			return err // nor of a kind that is new
		}
		if b, err := json.Marshal(u.Object["spec"]); err != nil || !strings.Contains(string(b), "insecureSkipVerify") {
			return fmt.Errorf("not mutated: %s (%v)", b, err)
		}
		return nil
	})

	run := start(t, env, &egress.Reconciler{})
	s.addPod("web", status("sqs").String())
	eventually(t, func() error {
		if got := s.ours(); len(got) != 3 {
			return fmt.Errorf("%d objects", len(got))
		}
		return nil
	})
	rule := s.named("DestinationRule", "aws-mesh-sqs.eu-west-1.amazonaws.com")
	s.hasEvent(rule, "Warning AWSMeshChangedBack: aws-mesh wrote this object, and something in the cluster changed it at once")
	run.settle()
	s.addPod("worker", status("sqs").String())
	time.Sleep(time.Second)
	if w := run.writes.to(s.name); len(w) > 4 {
		t.Errorf("%d writes, want 3 applies and one more try:\n%s", len(w), strings.Join(w, "\n"))
	}
}
