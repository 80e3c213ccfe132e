package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// tail is how many lines are kept of a log.
const tail = 500

// failures is the folder of what explains failed tests. It stays when they are over.
var failures = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "aws-mesh-e2e-failed-") })

// keep writes down what would be gone with the space, if its test has failed: Events, pods
// and their logs, and those of the parts of the mesh that pods depend on.
func (s space) keep(t *testing.T) {
	t.Helper()
	if !t.Failed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	dir, err := failures()
	if err == nil {
		dir = filepath.Join(dir, s.Name)
		err = os.Mkdir(dir, 0o700)
	}
	if errors.Is(err, fs.ErrExist) { // the test has more to remove of the same space
		return
	}
	if err != nil {
		t.Error(err)
		return
	}
	for _, namespace := range []string{s.Name, gatewayNamespace, "aws-mesh-system", "istio-system", "kube-system", "aws-stand-in"} {
		if err := keepNamespace(ctx, filepath.Join(dir, namespace)); err != nil {
			t.Log(err)
		}
	}
	t.Logf("%s: what explains it is in %s", time.Now().UTC().Format(time.TimeOnly), dir)
}

// keepNode adds the logs of the node's own parts, and says where all is.
func keepNode() {
	dir, err := failures()
	if err == nil {
		err = os.CopyFS(filepath.Join(dir, "node"), os.DirFS(filepath.Join(env.Dir, "log")))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
	}
	fmt.Println("e2e: what explains failures is in", dir)
}

// keepNamespace writes a file for what kubectl says of a namespace, whose name is that of
// the path, and one for each log.
func keepNamespace(ctx context.Context, path string) error {
	client, err := env.Client()
	if err != nil {
		return err
	}
	namespace := filepath.Base(path)
	pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil || len(pods.Items) == 0 {
		return err
	}
	var said strings.Builder
	for _, args := range []string{"get events --sort-by=.lastTimestamp", "get pods -o wide", "describe pods"} {
		text, err := env.Kubectl(ctx, append([]string{"--namespace", namespace}, strings.Fields(args)...)...)
		_, _ = fmt.Fprintf(&said, "%s\n%s\n%v\n\n", args, text, err)
	}
	if err := os.WriteFile(path+".txt", []byte(said.String()), 0o600); err != nil {
		return err
	}
	for _, pod := range pods.Items {
		for _, c := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
			name := path + "." + pod.Name + "." + c.Name
			if err := keepLog(ctx, &pod, corev1.PodLogOptions{Container: c.Name}, name+".log"); err != nil {
				return err
			}
			if c.RestartCount == 0 {
				continue
			}
			if err := keepLog(ctx, &pod, corev1.PodLogOptions{Container: c.Name, Previous: true}, name+".previous.log"); err != nil {
				return err
			}
		}
	}
	return nil
}

// keepLog writes the end of a container's log. One that has none is no error.
func keepLog(ctx context.Context, pod *corev1.Pod, options corev1.PodLogOptions, path string) error {
	client, err := env.Client()
	if err != nil {
		return err
	}
	options.TailLines, options.Timestamps = new(int64(tail)), true
	log, err := client.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &options).Stream(ctx)
	if err != nil {
		return os.WriteFile(path, []byte(err.Error()), 0o600)
	}
	defer func() { _ = log.Close() }()
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, log)
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}
