package install_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A load creates annotated pods, one after the other in each of several goroutines,
// until it is stopped. Every create has to be admitted and mutated.
type load struct {
	stop    context.CancelFunc
	all     sync.WaitGroup
	created atomic.Int64
	mu      sync.Mutex
	errs    []error
}

const clients = 8

func startLoad(t *testing.T, namespace string) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{stop: cancel}
	for i := range clients {
		l.all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := l.create(namespace, fmt.Sprintf("load-%d-%d", i, n)); err != nil {
					l.mu.Lock()
					l.errs = append(l.errs, fmt.Errorf("%s: %w", time.Now().Format(time.StampMilli), err))
					l.mu.Unlock()
				}
			}
		})
	}
	return l
}

// create asks for a pod without storing it: admission is what is under load.
func (l *load) create(namespace, name string) error {
	pod := annotated(namespace, name)
	if err := env.Client.Create(context.Background(), pod, client.DryRunAll); err != nil {
		return err
	}
	l.created.Add(1)
	if _, ok := pod.Annotations["aws-mesh/status"]; !ok {
		return fmt.Errorf("pod %s was not mutated", name)
	}
	return nil
}

// finish stops the load. Not one create may have failed.
func (l *load) finish(t *testing.T) {
	t.Helper()
	l.stop()
	l.all.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, err := range l.errs {
		if i == 5 {
			break
		}
		t.Error(err)
	}
	t.Logf("%d pods admitted, %d failures", l.created.Load(), len(l.errs))
	if l.created.Load() < 100 {
		t.Error("that is no load")
	}
}

// annotated is a pod that asks for DynamoDB and has a sidecar.
func annotated(namespace, name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: name,
			Annotations: map[string]string{"aws-mesh/services": "dynamodb", "aws-mesh/region": "eu-west-1"},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{
			{Name: "app", Image: "app"},
			{Name: "istio-proxy", Image: "proxy", Args: []string{"proxy", "sidecar"}},
		}},
	}
}

func newNamespace(t *testing.T, name string) string {
	t.Helper()
	if err := env.CreateNamespace(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	return name
}
