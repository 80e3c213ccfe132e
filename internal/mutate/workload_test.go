package mutate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// within puts template at path.
func within(path []string, template string) string {
	for _, field := range slices.Backward(path) {
		template = `{"` + field + `":` + template + `}`
	}
	return template
}

// TestValidate refuses a typo in the template of every kind of workload, and nothing
// else.
func TestValidate(t *testing.T) {
	typo := strings.Replace(optedIn, "dynamodb", "dynamo", 1)
	for _, kind := range []string{
		"Pod", "PodTemplate", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob",
	} {
		path, ok := mutate.TemplatePath(kind)
		if !ok {
			t.Fatalf("TemplatePath(%q) knows no template", kind)
		}
		for _, tt := range []struct {
			name, operation, template, before string
			message                           string
			warnings                          int
		}{
			{"right", "CREATE", optedIn, `{}`, "", 0},
			{"not opted in", "CREATE", `{"metadata":{},"spec":{}}`, `{}`, "", 0},
			{"null", "CREATE", "null", `{}`, "", 0},
			{"typo", "CREATE", typo, `{}`, `annotation aws-mesh/services: unknown AWS service "dynamo" (did you mean "dynamodb"?)`, 0},
			{"typo on update", "UPDATE", typo, optedIn, `unknown AWS service "dynamo"`, 0},
			{"old typo", "UPDATE", typo, typo, "", 0},
			{"typo on delete", "DELETE", typo, typo, "", 0},
			{"warning", "CREATE", strings.Replace(optedIn, `"web"}]`, `"web","env":[{"name":"AWS_REGION","value":"us-east-1"}]}]`, 1), `{}`, "", 1},
			{"shape", "CREATE", `{"metadata":1}`, `{}`, "metadata is a number, not a mapping", 0},
		} {
			resp := send(t, (&mutate.Handler{}).Validate(), map[string]any{
				"uid": "u", "operation": tt.operation, "namespace": "shop", "kind": map[string]string{"kind": kind},
				"object": raw(within(path, tt.template)), "oldObject": raw(within(path, tt.before)),
			})
			if resp.Allowed != (tt.message == "") || !strings.Contains(resp.Status.Message, tt.message) || resp.Patch != nil || len(resp.Warnings) != tt.warnings {
				t.Errorf("%s, %s: allowed %v, %q, %q, patch %s; want %q", kind, tt.name, resp.Allowed, resp.Status.Message, resp.Warnings, resp.Patch, tt.message)
			}
		}
	}
}

func TestValidateForeign(t *testing.T) {
	h := (&mutate.Handler{}).Validate()
	for name, request := range map[string]map[string]any{
		"kind":      {"operation": "CREATE", "kind": map[string]string{"kind": "Service"}, "object": raw("{}")},
		"group":     {"operation": "CREATE", "kind": map[string]string{"group": "batch.volcano.sh", "kind": "Job"}, "object": raw("{}")},
		"no kind":   {"operation": "CREATE", "object": raw("{}")},
		"operation": {"kind": map[string]string{"kind": "Job"}, "object": raw("{}")},
		"object":    {"operation": "CREATE", "kind": map[string]string{"kind": "Job"}, "object": raw(`{"spec":[]}`)},
	} {
		request["uid"] = name
		if resp := send(t, h, request); resp.Allowed || resp.Status.Code != 400 {
			t.Errorf("%s: allowed %v, code %d", name, resp.Allowed, resp.Status.Code)
		}
	}
	for name, request := range map[string]map[string]any{
		"no object":   {"operation": "CREATE", "kind": map[string]string{"kind": "Job"}},
		"subresource": {"operation": "UPDATE", "kind": map[string]string{"kind": "Deployment"}, "subResource": "scale", "object": raw("1")},
	} {
		request["uid"] = name
		if resp := send(t, h, request); !resp.Allowed {
			t.Errorf("%s: %s", name, resp.Status.Message)
		}
	}
}
