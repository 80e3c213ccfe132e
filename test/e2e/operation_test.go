package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-mesh/aws-mesh/test/node"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// ours are the kinds of object that the controller keeps.
const ours = "serviceentries,destinationrules,virtualservices"

// retention is the controller's default: how long a host stays open that no pod needs.
const retention = 10 * time.Minute

// TestRetention lets the only pod go that asks for AWS, and another one, which never asked,
// call on.
func TestRetention(t *testing.T) {
	t.Parallel()
	job := app{Name: "job", Annotations: asks("plaintext")}
	other := app{Name: "other", Env: says("true")} // the objects are the namespace's
	s := space{Name: "retention", Policy: "REGISTRY_ONLY", Apps: []app{job, other}}
	s.create(t)
	calls := func(when string, want expectation) {
		for _, sdk := range []string{"v1", "v2"} {
			for _, service := range []string{"dynamodb", "s3"} {
				cell(t, []string{when, sdk + " " + service}, func(t *testing.T) { s.expect(t, other, sdk, service, want) })
			}
		}
	}
	calls("while a pod asks", viaSidecar)

	s.kubectl(t, "delete deployment job --cascade=foreground")
	s.until(t, "objects that nobody needs", func(unused []string) error {
		if len(unused) == 0 || slices.Contains(unused, "") {
			return fmt.Errorf("since when they are unused: %q", unused)
		}
		return nil
	})
	calls("within the retention", viaSidecar)

	// The time is on the objects: this is what they look like when it has passed.
	long := time.Now().Add(-retention - time.Minute).UTC().Format(time.RFC3339)
	s.until(t, "no objects", func(unused []string) error {
		if len(unused) == 0 {
			return nil
		}
		_, err := env.Kubectl(t.Context(), "-n", s.Name, "annotate", "--all", "--overwrite", ours, "aws-mesh/unused-since="+long)
		return errors.Join(fmt.Errorf("%d objects are left", len(unused)), err) // some go meanwhile
	})
	s.tells(t, other, "amazonaws.com", false)
	calls("after the retention", noRoute)

	s.create(t)
	s.tells(t, other, "amazonaws.com", true)
	calls("when a pod asks again", viaSidecar)
}

// until waits until our objects are as they should be; each is given as the time since
// when it is unused, "" while it is needed.
func (s space) until(t *testing.T, what string, are func(unused []string) error) {
	t.Helper()
	if err := env.Until(t.Context(), what, func(ctx context.Context) error {
		list, err := env.Kubectl(ctx, "-n", s.Name, "get", ours, "-o", `jsonpath={range .items[*]}since {.metadata.annotations.aws-mesh/unused-since}{"\n"}{end}`)
		if err != nil {
			return err
		}
		var unused []string
		for line := range strings.Lines(list) {
			unused = append(unused, strings.TrimSpace(strings.TrimPrefix(line, "since")))
		}
		return are(unused)
	}); err != nil {
		t.Fatal(err)
	}
}

// tells waits until the app's sidecar has something in its configuration, or has not.
func (s space) tells(t *testing.T, a app, what string, present bool) {
	t.Helper()
	if err := env.Until(t.Context(), "the sidecar of "+a.Name, func(context.Context) error {
		if strings.Contains(s.envoy(t, a, "config_dump"), what) != present {
			return fmt.Errorf("%q in its configuration is not %t", what, present)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func (s space) kubectl(t *testing.T, command string) {
	t.Helper()
	kubectl(t, "--namespace "+s.Name+" "+command)
}

// outages come without notice; what is restarted in an orderly way is in [restarts].
var outages = []struct {
	what   string
	strike func(t *testing.T)
}{
	{"istiod is killed", func(t *testing.T) { kill(t, "istio-system", "app=istiod", "pilot-discovery") }},
	{"all webhooks are killed", func(t *testing.T) { kill(t, "aws-mesh-system", webhooks, "webhook") }},
	{"all webhooks are deleted", func(t *testing.T) {
		space{Name: "aws-mesh-system"}.kubectl(t, "delete pods --now --wait=false -l "+webhooks)
	}},
}

const webhooks = "app.kubernetes.io/component=webhook"

// kill ends a process in each of the pods with a label, as if it had crashed.
func kill(t *testing.T, namespace, label, name string) {
	t.Helper()
	client, err := env.Client()
	if err != nil {
		t.Fatal(err)
	}
	pods, err := client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: label})
	if err != nil || len(pods.Items) == 0 {
		t.Fatalf("%d pods %s in %s: %v", len(pods.Items), label, namespace, err)
	}
	for _, pod := range pods.Items {
		pid, err := node.Process(string(pod.UID), name)
		if err == nil {
			err = syscall.Kill(pid, syscall.SIGKILL)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestOutages demands that whatever worked goes on while a part of the mesh is away, that
// no pod is admitted without what it asked for, and that what is applied meanwhile works
// as soon as the part is back.
func TestOutages(t *testing.T) {
	orders, polls := app{Name: "orders", Annotations: asks("plaintext")}, app{Name: "polls", Annotations: asks("plaintext")}
	s := space{Name: "outages", Policy: "REGISTRY_ONLY", Apps: []app{orders, polls}}
	s.create(t)
	for _, a := range s.Apps {
		s.expect(t, a, "v2", "dynamodb", viaSidecar)
	}
	pod := env.Pod(s.Name, s.pod(t, orders), 8080)
	for i, o := range outages {
		late := space{Name: fmt.Sprint("outages-", i), Policy: "REGISTRY_ONLY", Apps: []app{orders}}
		t.Cleanup(func() { late.remove(t) })
		stop := make(chan struct{})
		calls := repeat(t.Context(), stop, func(ctx context.Context) error { return works(ctx, pod) })
		asking := repeat(t.Context(), stop, func(ctx context.Context) error { return admitted(ctx, s.Name) })
		others := repeat(t.Context(), stop, otherAdmitted)
		long := s.poll(t, polls)

		o.strike(t)
		applied := late.apply(t.Context())
		cell(t, []string{o.what, "an app applied meanwhile"}, func(t *testing.T) {
			if applied != nil {
				t.Fatal(applied)
			}
			newcomer := env.Pod(late.Name, late.pod(t, orders), 8080)
			if err := env.Until(t.Context(), "its calls", func(ctx context.Context) error { return works(ctx, newcomer) }); err != nil {
				t.Error(err)
			}
		})
		cell(t, []string{o.what, "a call that lasts"}, func(t *testing.T) {
			if err := <-long; err != nil {
				t.Error(err)
			}
		})
		close(stop)
		cell(t, []string{o.what, "calls"}, calls.check)
		cell(t, []string{o.what, "pods that ask: complete or refused"}, asking.checkRefusals)
		cell(t, []string{o.what, "pods that do not ask"}, others.check)
	}
}

// otherAdmitted asks for a pod that has nothing to do with AWS, nor with Istio.
func otherAdmitted(ctx context.Context) error {
	_, err := admit(ctx, metav1.NamespaceDefault, nil, nil)
	return err
}

// poll begins a call that AWS takes some seconds to answer.
func (s space) poll(t *testing.T, a app) <-chan error {
	t.Helper()
	pod := s.get(t, a)
	slow := aws.Fault{Kind: aws.Slow, Client: pod.Status.PodIP, Times: 1, Delay: 8 * time.Second}
	if err := env.AWS().Fault(t.Context(), slow); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- works(t.Context(), env.Pod(s.Name, pod.Name, 8080)) }()
	return done
}

// checkRefusals demands that what failed was refused by the API server.
func (r *repetition) checkRefusals(t *testing.T) {
	r.done.Wait()
	for _, err := range r.errors {
		if refused := apierrors.APIStatus(nil); !errors.As(err, &refused) {
			t.Error(err)
		}
	}
	t.Logf("%d of %d were refused", len(r.errors), r.n)
}
