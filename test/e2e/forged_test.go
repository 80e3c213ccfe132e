package e2e

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// forgery is a status that nobody decided: it names hosts, and a service of AWS.
const forgery = `{"inMesh":true,"services":["sqs"],"hosts":["www.example.com"],"endpoints":[{"region":"eu-west-1","hosts":["www.example.com"]}]}`

// forged has somebody write our label and a status himself. On a new pod they are taken
// off; on a pod that exists they stay, and open what an honest annotation would: hosts of
// AWS, and no others.
func (s space) forged(t *testing.T, a app) {
	cell(t, []string{"forged", "a new pod"}, func(t *testing.T) {
		pod, err := admit(t.Context(), s.Name, map[string]string{awsmesh.LabelEgress: "true"}, map[string]string{awsmesh.AnnotationStatus: forgery})
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
		if err := env.Until(t.Context(), "the forged status to be read", func(ctx context.Context) error {
			hosts, err := s.openHosts(ctx)
			if err == nil && !slices.Contains(hosts, "sqs.eu-west-1.amazonaws.com") {
				err = errors.New("SQS is not open")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		want := company
		if s.Policy == "REGISTRY_ONLY" {
			want = closed
		}
		if got := ask[sight](t, s, pod, "fetch?url=https://www.example.com/"); got != want {
			t.Errorf("saw %+v, want %+v", got, want)
		}
		hosts, err := s.openHosts(t.Context()) // once more: they do not arrive at once
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range hosts {
			if !strings.HasSuffix(host, ".amazonaws.com") && !strings.HasSuffix(host, ".api.aws") {
				t.Errorf("open is %q", host)
			}
		}
	})
}

// openHosts returns those that the namespace has ServiceEntries for.
func (s space) openHosts(ctx context.Context) ([]string, error) {
	hosts, err := env.Kubectl(ctx, "--namespace", s.Name, "get", "serviceentries", "-o", "jsonpath={.items[*].spec.hosts[*]}")
	return strings.Fields(hosts), err
}
