package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

const (
	warmUp = 20
	rounds = 200
)

// cost shows how long the API server takes to admit a pod, with our webhook and without:
// dry runs, in turns, one at a time.
func (d *demo) cost(ctx context.Context) error {
	d.title("What admission costs: %d dry runs of creating a pod each, in turns", rounds)
	with, without := make([]time.Duration, 0, rounds), make([]time.Duration, 0, rounds)
	asking := map[string]string{awsmesh.AnnotationServices: "dynamodb,s3", awsmesh.AnnotationRegion: "eu-west-1"}
	for i := range warmUp + rounds {
		a, err := d.admit(ctx, asking)
		if err != nil {
			return err
		}
		b, err := d.admit(ctx, nil)
		if err != nil {
			return err
		}
		if i >= warmUp {
			with, without = append(with, a), append(without, b)
		}
	}
	d.table("\tmedian\tp99",
		"annotated: the webhook answers\t"+quantiles(with),
		"not annotated: never sent to it\t"+quantiles(without))
	return nil
}

func (d *demo) admit(ctx context.Context, annotations map[string]string) (time.Duration, error) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "cost", Annotations: annotations},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: container, Image: "registry.example.com/cost"}}},
	}
	start := time.Now()
	err := d.cluster.Client.Create(ctx, pod, client.DryRunAll)
	return time.Since(start), err
}

func quantiles(d []time.Duration) string {
	slices.Sort(d)
	ms := func(i int) string { return fmt.Sprintf("%4.1f ms", float64(d[i].Microseconds())/1000) }
	return ms(len(d)/2) + "\t" + ms(len(d)*99/100)
}
