package main

import (
	"context"
	"fmt"
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

const (
	namespace = "shop" // of the samples
	samples   = "test/demo/samples"
	container = "app"
)

func (d *demo) inMesh(ctx context.Context) error {
	d.title("orders asks for dynamodb and s3, and has a sidecar: plaintext to the sidecar, TLS from there")
	pod, err := d.apply(ctx, "orders")
	if err != nil {
		return err
	}
	d.showEnvironment(pod)
	return d.showEgress(ctx, hosts(pod))
}

func (d *demo) notInMesh(ctx context.Context) error {
	d.title("reports asks for the same without a sidecar: it does its own TLS, as it always did")
	pod, err := d.apply(ctx, "reports")
	if err != nil {
		return err
	}
	d.showEnvironment(pod)
	return nil
}

func (d *demo) notAsked(ctx context.Context) error {
	d.title("website asks for nothing: the webhook is not even called")
	pod, err := d.apply(ctx, "website")
	if err != nil {
		return err
	}
	d.showEnvironment(pod)
	return nil
}

// typo shows a refusal, in kubectl's own words.
func (d *demo) typo(ctx context.Context) error {
	d.title("billing has typos: refused at once, not in an event three objects away")
	out, err := d.kubectl(ctx, "apply", "-n", namespace, "-f", path.Join(samples, "typo.yaml"))
	d.lines(strings.Split(out, "\n")...)
	if err == nil {
		return fmt.Errorf("%s/typo.yaml was accepted", samples)
	}
	return ctx.Err()
}

// apply applies a sample and returns its pod.
func (d *demo) apply(ctx context.Context, sample string) (*corev1.Pod, error) {
	out, err := d.kubectl(ctx, "apply", "-n", namespace, "-f", path.Join(samples, sample+".yaml"))
	d.lines(append(strings.Split(out, "\n"), "")...)
	if err != nil {
		return nil, err
	}
	var pods corev1.PodList
	err = d.until(ctx, "the pod of "+sample, func(ctx context.Context) (bool, error) {
		err := d.cluster.Client.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{"app": sample})
		return len(pods.Items) > 0, err
	})
	if err != nil {
		return nil, err
	}
	return &pods.Items[0], nil
}

// kubectl shows a command and returns what it says.
func (d *demo) kubectl(ctx context.Context, args ...string) (string, error) {
	d.lines("$ kubectl " + strings.Join(args, " "))
	cmd := d.cluster.Command(ctx, args...)
	cmd.Dir = d.cluster.Root
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (d *demo) showEnvironment(pod *corev1.Pod) {
	if status, err := awsmesh.ParseStatus(pod.Annotations[awsmesh.AnnotationStatus]); err == nil {
		d.lines("The webhook's reason: "+status.Reason, "")
	}
	rows := []string{"environment of its container\t"}
	for _, v := range environment(pod) {
		rows = append(rows, v.Name+"\t"+shorten(v.Value))
	}
	d.table(rows...)
}

// shorten cuts a long list after its first items.
func shorten(list string) string {
	items := strings.Split(list, ",")
	if len(items) <= 3 {
		return list
	}
	return fmt.Sprintf("%s,… (%d hosts)", strings.Join(items[:2], ","), len(items))
}

func environment(pod *corev1.Pod) []corev1.EnvVar {
	for _, c := range pod.Spec.Containers {
		if c.Name == container {
			return c.Env
		}
	}
	return nil
}

// hosts returns what the webhook says the sidecar originates TLS for.
func hosts(pod *corev1.Pod) []string {
	for _, v := range environment(pod) {
		if v.Name == awsmesh.EnvHosts {
			return strings.Split(v.Value, ",")
		}
	}
	return nil
}
