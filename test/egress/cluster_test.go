package egress

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
	"github.com/aws-mesh/aws-mesh/internal/egress"
)

// space is a namespace of a test.
type space struct {
	t      *testing.T
	name   string
	client client.Client
}

func newSpace(t *testing.T, c client.Client, name string) space {
	t.Helper()
	s := space{t: t, name: name, client: c}
	s.must(c.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}))
	t.Cleanup(func() {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if err := c.Delete(context.Background(), ns); client.IgnoreNotFound(err) != nil {
			t.Error(err)
		}
	})
	return s
}

func (s space) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// status is what the webhook writes for a pod in the mesh in eu-west-1.
func status(services ...string) awsmesh.Status {
	return awsmesh.Status{
		InMesh: true, Reason: "it has a sidecar", Services: services,
		Endpoints: []endpoints.Params{{Region: "eu-west-1"}},
	}
}

// addPod creates a pod as the webhook leaves it.
func (s space) addPod(name, status string) *corev1.Pod {
	s.t.Helper()
	pod := newPod(s.name, name, status)
	s.must(s.client.Create(s.t.Context(), pod))
	return pod
}

func newPod(namespace, name, status string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: name,
			Labels:      map[string]string{awsmesh.LabelEgress: "true", "app": "web"},
			Annotations: map[string]string{awsmesh.AnnotationStatus: status, "example.com/note": "not ours"},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/app:1"}}},
	}
}

func (s space) delete(o client.Object) {
	s.t.Helper()
	s.must(s.client.Delete(s.t.Context(), o, client.GracePeriodSeconds(0)))
}

// apply creates an object of the user from YAML.
func (s space) apply(text string) *unstructured.Unstructured {
	s.t.Helper()
	u := &unstructured.Unstructured{}
	s.must(yaml.Unmarshal([]byte(text), &u.Object))
	u.SetAPIVersion("networking.istio.io/v1")
	u.SetNamespace(s.name)
	s.must(s.client.Create(s.t.Context(), u))
	return u
}

// desired returns the objects for services.
func (s space) desired(services ...string) []*unstructured.Unstructured {
	s.t.Helper()
	plans, err := status(services...).Plans()
	s.must(err)
	return egress.Desired(s.name, plans).Objects()
}

// ours returns our objects of the namespace, in the order of "Kind name".
func (s space) ours() []*unstructured.Unstructured {
	s.t.Helper()
	var objects []*unstructured.Unstructured
	for _, kind := range []string{"DestinationRule", "ServiceEntry", "VirtualService"} {
		list := &unstructured.UnstructuredList{}
		list.SetAPIVersion("networking.istio.io/v1")
		list.SetKind(kind + "List")
		s.must(s.client.List(s.t.Context(), list, client.InNamespace(s.name), client.MatchingLabels{"app.kubernetes.io/managed-by": "aws-mesh"}))
		for i := range list.Items {
			objects = append(objects, &list.Items[i])
		}
	}
	sortByID(objects)
	return objects
}

func sortByID(objects []*unstructured.Unstructured) {
	slices.SortFunc(objects, func(a, b *unstructured.Unstructured) int { return strings.Compare(id(a), id(b)) })
}

func id(u *unstructured.Unstructured) string { return u.GetKind() + " " + u.GetName() }

// content is what has to be equal for two objects to mean the same.
func content(objects []*unstructured.Unstructured) string {
	var b strings.Builder
	for _, u := range objects {
		text, err := yaml.Marshal(map[string]any{"labels": u.GetLabels(), "spec": u.Object["spec"]})
		fmt.Fprintf(&b, "%s\n%s%v\n", id(u), text, err)
	}
	return b.String()
}

func versions(objects []*unstructured.Unstructured) string {
	var b strings.Builder
	for _, u := range objects {
		fmt.Fprintln(&b, id(u), u.GetUID(), u.GetResourceVersion())
	}
	return b.String()
}

// has waits until our objects of the namespace are exactly those for services.
func (s space) has(services ...string) []*unstructured.Unstructured {
	s.t.Helper()
	want := s.desired(services...)
	sortByID(want)
	var got []*unstructured.Unstructured
	eventually(s.t, func() error {
		got = s.ours()
		if is, should := content(got), content(want); is != should {
			return fmt.Errorf("objects in %s:\n%s\nwant:\n%s", s.name, is, should)
		}
		return nil
	})
	return got
}

// marks returns the time at which our objects were marked as unused, by id.
func (s space) marks() map[string]string {
	s.t.Helper()
	marks := map[string]string{}
	for _, u := range s.ours() {
		if since, ok := u.GetAnnotations()["aws-mesh/unused-since"]; ok {
			marks[id(u)] = since
		}
	}
	return marks
}

// events returns the notes of the events for o, as kubectl describe finds them.
func (s space) events(o client.Object) string {
	s.t.Helper()
	list := &eventsv1.EventList{}
	s.must(s.client.List(s.t.Context(), list, client.InNamespace(o.GetNamespace())))
	var notes []string
	for _, e := range list.Items {
		if e.Regarding.UID == o.GetUID() {
			notes = append(notes, fmt.Sprintf("%s %s: %s", e.Type, e.Reason, e.Note))
		}
	}
	return strings.Join(notes, "\n")
}

func (s space) hasEvent(o client.Object, want string) {
	s.t.Helper()
	eventually(s.t, func() error {
		if got := s.events(o); !strings.Contains(got, want) {
			return fmt.Errorf("events of %s: %q, want %q", o.GetName(), got, want)
		}
		return nil
	})
}

// eventually waits for up to two minutes until f reports no error.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = f(); err == nil {
			return
		}
	}
	t.Fatal(err)
}
