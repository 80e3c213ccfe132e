package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/test/node"
)

// restarts are what may happen to a part of the mesh, as commands of kubectl, and what
// must not notice. Pods are not created without istiod, whatever we do.
var restarts = []struct {
	what     string
	commands []string
	creates  bool
}{
	{"rolling restart of our webhook", []string{
		"-n aws-mesh-system rollout restart deployment aws-mesh-webhook",
		"-n aws-mesh-system rollout status deployment aws-mesh-webhook --timeout=600s",
	}, true},
	{"the controller's leader goes", []string{
		"-n aws-mesh-system delete pod LEADER",
		"-n aws-mesh-system rollout status deployment aws-mesh-webhook --timeout=600s",
	}, true},
	{"rolling restart of istiod", []string{
		"-n istio-system rollout restart deployment istiod",
		"-n istio-system rollout status deployment istiod --timeout=600s",
	}, false},
}

// TestRestarts demands that no call and no new pod fails meanwhile.
func TestRestarts(t *testing.T) {
	orders, archive := once("orders"), once("archive")
	s := space{Name: "restarts", Policy: "REGISTRY_ONLY", Apps: []app{orders, archive}}
	s.create(t)
	s.expect(t, orders, "v2", "dynamodb", viaSidecar)
	s.expect(t, archive, "v2", "s3", viaSidecar) // makes the bucket
	pod := env.Pod(s.Name, s.pod(t, orders), 8080)

	for _, r := range restarts {
		stop := make(chan struct{})
		calls := repeat(t.Context(), stop, func(ctx context.Context) error { return works(ctx, pod) })
		creates := repeat(t.Context(), stop, func(ctx context.Context) error { return admitted(ctx, s.Name) })
		upload := s.upload(t, archive)
		began := time.Now()
		restart(t, r.commands)
		cell(t, []string{r.what, "an upload that lasts"}, func(t *testing.T) { upload.check(t, began) })
		close(stop)
		cell(t, []string{r.what, "calls"}, calls.check)
		if r.creates {
			cell(t, []string{r.what, "new pods"}, creates.check)
		}
	}
}

// once is an app whose SDK tries nothing again: what fails is seen.
func once(name string) app {
	return app{Name: name, Annotations: asks("plaintext"), Env: map[string]string{"AWS_MAX_ATTEMPTS": "1"}}
}

func restart(t *testing.T, commands []string) {
	t.Helper()
	for _, command := range commands {
		if strings.Contains(command, "LEADER") {
			command = strings.ReplaceAll(command, "LEADER", leader(t))
		}
		if _, err := env.Kubectl(t.Context(), strings.Fields(command)...); err != nil {
			t.Error(err)
		}
	}
}

// leader returns the pod that leads our controller, once there is one.
func leader(t *testing.T) (pod string) {
	t.Helper()
	pod, _, _ = strings.Cut(leaseholder(t), "_")
	return pod
}

// leaseholder returns whose the lease of our controller is: NAME_UID of a pod.
func leaseholder(t *testing.T) (identity string) {
	t.Helper()
	if err := env.Until(t.Context(), "a leader of the controller", func(ctx context.Context) (err error) {
		identity, err = env.Kubectl(ctx, "-n", "aws-mesh-system", "get", "lease", "aws-mesh-egress", "-o", "jsonpath={.spec.holderIdentity}")
		if err == nil && identity == "" {
			err = errors.New("the lease has no holder")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return identity
}

// works has an application call DynamoDB.
func works(ctx context.Context, pod node.Pod) error {
	return succeeds(ctx, pod, "sdk=v2&service=dynamodb")
}

// admitted demands that a new pod would be told that it is in the mesh.
func admitted(ctx context.Context, namespace string) error {
	pod, err := admit(ctx, namespace, nil, asks("plaintext"))
	if err == nil && !strings.Contains(pod.Annotations[awsmesh.AnnotationStatus], `"inMesh":true`) {
		err = fmt.Errorf("annotation %s is %q", awsmesh.AnnotationStatus, pod.Annotations[awsmesh.AnnotationStatus])
	}
	return err
}

// A repetition counts.
type repetition struct {
	done   sync.WaitGroup
	n      int
	errors []error
}

// repeat does something again and again until stop is closed.
func repeat(ctx context.Context, stop <-chan struct{}, do func(context.Context) error) *repetition {
	r := &repetition{}
	r.done.Go(func() {
		for {
			r.n++
			if err := do(ctx); err != nil {
				r.errors = append(r.errors, err)
			}
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return r
}

func (r *repetition) check(t *testing.T) {
	r.done.Wait()
	if r.n < 10 {
		t.Errorf("only %d times: too few to say", r.n)
	}
	if len(r.errors) > 0 {
		t.Errorf("%d of %d failed, the first: %v", len(r.errors), r.n, r.errors[0])
	}
}
