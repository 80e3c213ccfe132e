package e2e

import (
	"context"
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// forgery is a status that nobody decided: it names hosts, and a service of AWS.
const forgery = `{"inMesh":true,"services":["sqs"],"hosts":["www.example.com"],"endpoints":[{"region":"eu-west-1","hosts":["www.example.com"]}]}`

// forged has somebody write our label and a status himself. On a new pod they are taken
// off; on a pod that exists they stay, and open what an honest annotation would: hosts of
// AWS, and no others.
func (s space) forged(t *testing.T, a app) {
	cell(t, []string{"forged", "a new pod"}, func(t *testing.T) {
		client, err := env.Client()
		if err != nil {
			t.Fatal(err)
		}
		pod, err := client.CoreV1().Pods(s.Name).Create(t.Context(), &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: "new", Labels: map[string]string{awsmesh.LabelEgress: "true"}, Annotations: map[string]string{awsmesh.AnnotationStatus: forgery},
			},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app"}}},
		}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			t.Fatal(err)
		}
		if pod.Labels[awsmesh.LabelEgress] != "" || pod.Annotations[awsmesh.AnnotationStatus] != "" {
			t.Errorf("admitted with labels %v and annotations %v", pod.Labels, pod.Annotations)
		}
	})
	cell(t, []string{"forged", "a pod that exists"}, func(t *testing.T) {
		pod := s.get(t, a).Name
		for _, args := range [][]string{
			{"annotate", "pod", pod, awsmesh.AnnotationStatus + "=" + forgery}, {"label", "pod", pod, awsmesh.LabelEgress + "=true"},
		} {
			if _, err := env.Kubectl(t.Context(), append([]string{"--namespace", s.Name}, args...)...); err != nil {
				t.Fatal(err)
			}
		}
		var hosts string
		if err := env.Until(t.Context(), "the forged status to be read", func(ctx context.Context) (err error) {
			hosts, err = env.Kubectl(ctx, "--namespace", s.Name, "get", "serviceentries", "-o", "jsonpath={.items[*].spec.hosts[*]}")
			if err == nil && !strings.Contains(hosts, "sqs.eu-west-1.amazonaws.com") {
				err = errors.New("SQS is not open")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for host := range strings.FieldsSeq(hosts) {
			if !strings.HasSuffix(host, ".amazonaws.com") && !strings.HasSuffix(host, ".api.aws") {
				t.Errorf("open is %q", host)
			}
		}
		want := company
		if s.Policy == "REGISTRY_ONLY" {
			want = closed
		}
		if got := ask[sight](t, s, pod, "fetch?url=https://www.example.com/"); got != want {
			t.Errorf("saw %+v, want %+v", got, want)
		}
	})
}
