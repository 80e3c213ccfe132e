package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// review has the pod that is created, the one of the admission benchmark.
const review = "bench/testdata/review-optin.json"

const (
	namespace          = "latency"
	servicesAnnotation = "aws-mesh/services"
	statusAnnotation   = "aws-mesh/status"
)

func readPod() (*corev1.Pod, error) {
	raw, err := os.ReadFile(review)
	if err != nil {
		return nil, err
	}
	var r struct{ Request struct{ Object *corev1.Pod } }
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", review, err)
	}
	r.Request.Object.Namespace = namespace
	r.Request.Object.ManagedFields = nil
	return r.Request.Object, nil
}

// plain returns pod without what opts it in.
func plain(pod *corev1.Pod) *corev1.Pod {
	pod = pod.DeepCopy()
	delete(pod.Annotations, servicesAnnotation)
	return pod
}

// check sees that a pod was ours if it should have been.
func (s *setup) check(pod *corev1.Pod, optedIn bool) error {
	_, ours := pod.Annotations[statusAnnotation]
	if want := optedIn && s.name == ourOwn; ours != want {
		return fmt.Errorf("pod with annotations %v: changed by aws-mesh: %t, want %t",
			slices.Sorted(maps.Keys(pod.Annotations)), ours, want)
	}
	return nil
}
