package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/aws-mesh/aws-mesh/test/node"
)

// envoy asks the administration of an app's sidecar.
func (s space) envoy(t *testing.T, a app, path string) string {
	t.Helper()
	answer, err := administration(t.Context(), s.get(t, a), path)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// administration asks the Envoy of a pod, which listens to the pod alone. There are
// hundreds of questions: "kubectl exec" would take more of the processors than the rest
// of a call.
func administration(ctx context.Context, pod *corev1.Pod, path string) (string, error) {
	pid, err := node.Process(string(pod.UID), "envoy")
	if err != nil {
		return "", err
	}
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, address string) (net.Conn, error) { return node.Dial(ctx, pid, address) },
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:15000/"+path, nil)
	if err != nil {
		return "", err
	}
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the administration of Envoy in %s/%s answers GET %s with %s: %s", pod.Namespace, pod.Name, path, answer.Status, text)
	}
	return string(text), err
}

// originated returns how many requests the app's sidecar has sent in TLS of its own to
// hosts of AWS. Without a sidecar it is none.
func (s space) originated(t *testing.T, a app) int {
	t.Helper()
	if a.OutOfMesh {
		return 0
	}
	sum := 0
	for line := range strings.Lines(s.envoy(t, a, "clusters")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "::rq_total::")
		if n := 0; strings.HasPrefix(name, "outbound|443|tls|") {
			if _, err := fmt.Sscan(value, &n); err == nil {
				sum += n
			}
		}
	}
	return sum
}
