package egress

import (
	"cmp"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// A podPlan is what one pod needs. With err it has no plans.
type podPlan struct {
	pod   *metav1.PartialObjectMetadata
	plans []awsmesh.Plan
	err   error
}

// planPods plans each pod, oldest first. Once the hosts of the
// pods before it and its own would be more than limit, a pod is refused as a whole:
// who floods a namespace closes nothing that is open.
func planPods(namespace string, pods []*metav1.PartialObjectMetadata, limit int) (Egress, []podPlan) {
	pods = slices.Clone(pods)
	slices.SortFunc(pods, func(a, b *metav1.PartialObjectMetadata) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	open := map[string]bool{}
	byStatus := map[string]podPlan{} // the pods of one workload have the same
	var all []awsmesh.Plan
	var each []podPlan
	for _, pod := range pods {
		status := pod.Annotations[awsmesh.AnnotationStatus]
		p, known := byStatus[status]
		if !known {
			p.plans, p.err = planStatus(status)
			if p.err == nil {
				p.err = admit(open, p.plans, limit)
			}
			if p.err != nil {
				p.plans = nil // they may be large, and of any number of pods
			}
			all = append(all, p.plans...)
			byStatus[status] = p
		}
		p.pod = pod
		each = append(each, p)
	}
	return Desired(namespace, all), each
}

func planStatus(value string) ([]awsmesh.Plan, error) {
	if value == "" {
		return nil, fmt.Errorf("it has the label %s, but no annotation %s; the webhook writes both", awsmesh.LabelEgress, awsmesh.AnnotationStatus)
	}
	if len(value) > maxKeptStatus {
		return nil, fmt.Errorf("its annotation %s has more than %d bytes; the webhook writes it", awsmesh.AnnotationStatus, maxKeptStatus)
	}
	status, err := awsmesh.ParseStatus(value)
	if err != nil {
		return nil, err
	}
	return status.Plans()
}

// admit adds the hosts of plans to open, all or none.
func admit(open map[string]bool, plans []awsmesh.Plan, limit int) error {
	added := map[string]bool{}
	for _, plan := range plans {
		for _, host := range plan.Hosts {
			if !open[host] {
				added[host] = true
			}
		}
	}
	if len(open)+len(added) > limit {
		return fmt.Errorf("the namespace would have %d AWS hosts open (limit %d)", len(open)+len(added), limit)
	}
	for host := range added {
		open[host] = true
	}
	return nil
}

// wants returns whether p needs host, and in which mode. It is asked for each pod and host.
func (p podPlan) wants(host string) (awsmesh.Mode, bool) {
	for _, plan := range p.plans {
		if _, found := slices.BinarySearch(plan.Hosts, host); found {
			return plan.Mode, true
		}
	}
	return "", false
}

// needs reports whether p needs host.
func (p podPlan) needs(host string) bool {
	_, wants := p.wants(host)
	return wants
}

// wantsOne reports whether p needs one of hosts for which f holds.
func (p podPlan) wantsOne(f func(Host) bool, hosts []Host) bool {
	return slices.ContainsFunc(hosts, func(h Host) bool {
		return f(h) && p.needs(h.Name)
	})
}
