package mutate_test

import (
	"testing"

	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// A mistake of type names the field and what to write, in no words of Go's.
func TestMisshapen(t *testing.T) {
	for _, c := range []struct{ pod, want string }{
		{`{"metadata":{"annotations":{"aws-mesh/endpoint-urls":true}}}`, `annotation aws-mesh/endpoint-urls: true is not a string: write "true"`},
		{`{"metadata":{"annotations":{"aws-mesh/services":7}}}`, `annotation aws-mesh/services: a number is not a string: put it in quotes`},
		{`{"metadata":{"annotations":{"aws-mesh/services":["sqs"]}}}`, `annotation aws-mesh/services: a list is not a string`},
		{`{"metadata":{"annotations":{"a~1b":{}}}}`, `annotation a~1b: a mapping is not a string`},
		{`{"metadata":{"annotations":[]}}`, `not a pod: metadata.annotations is a list, not a mapping`},
		{`{"metadata":{"labels":{"istio.io/dataplane-mode":true}}}`, `label istio.io/dataplane-mode: true is not a string: write "true"`},
		{`{"metadata":7}`, `not a pod: metadata is a number, not a mapping`},
		{`{"spec":{"hostNetwork":"true"}}`, `not a pod: spec.hostNetwork is a string, not a boolean`},
		{`{"spec":{"containers":[7]}}`, `not a pod: spec.containers[0] is a number, not a mapping`},
		{`{"spec":{"containers":{}}}`, `not a pod: spec.containers is a mapping, not a list`},
		{`{"spec":{"containers":[{},{"securityContext":{"runAsUser":"1337"}}]}}`, `not a pod: spec.containers[1].securityContext.runAsUser is a string, not a whole number`},
		{`{"spec":{"containers":[{"securityContext":{"runAsUser":1.5}}]}}`, `not a pod: spec.containers[0].securityContext.runAsUser is a number, not a whole number`},
		{`{"spec":{"containers":[{"envFrom":[7]}]}}`, `not a pod: spec.containers[0].envFrom[0] is a number, not a mapping`},
		{`{"spec":{"containers":[{"env":7}]}}`, `not a pod: spec.containers[0].env is a number, not a list`},
		{`{"spec":{"containers":[{"env":[7]}]}}`, `not a pod: spec.containers[0].env[0] is a number, not a mapping`},
		{`{"spec":{"containers":[{"env":[{},{"name":"AWS_REGION","value":7}]}]}}`, `not a pod: spec.containers[0].env[1].value is a number, not a string`},
		{`[]`, `not a pod: it is a list, not a mapping`},
		{`7`, `not a pod: it is a number, not a mapping`},
	} {
		_, err := mutate.Pod(t.Context(), []byte(c.pod), "shop", mutate.Options{})
		if err == nil || err.Error() != c.want {
			t.Errorf("Pod(%s) = %v, want %s", c.pod, err, c.want)
		}
	}
}
