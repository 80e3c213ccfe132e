package install_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// An event of the audit log.
type event struct {
	Verb      string
	User      struct{ Username string }
	ObjectRef *struct{ APIGroup, Resource, Subresource, Namespace, Name string }

	ResponseStatus struct{ Code int }
	RequestURI     string
}

// asked reads from the audit log what the webhook has asked for so far.
func asked(t *testing.T) []event {
	t.Helper()
	f, err := os.Open(auditLog)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var events []event
	lines := bufio.NewScanner(f)
	for lines.Buffer(nil, 1<<20); lines.Scan(); {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if e.User.Username == webhookUser {
			events = append(events, e)
		}
	}
	return events
}

// One life of the webhook asks for everything that is granted, and for nothing else.
func TestEveryRightIsNeeded(t *testing.T) {
	granted := rules(t, kustomize(t, "deploy/base"))
	emptySecret(t)
	noLease(t.Context(), t)
	before := len(asked(t))
	r := run(t, 1, "--egress-retention=1s")[0]
	ns := newNamespace(t, "rights")
	pod := annotated(ns, "app")
	must(t, env.Client.Create(t.Context(), pod))
	eventually(t, func() error { return opened(t, ns, "dynamodb.eu-west-1.amazonaws.com") })

	for _, kind := range []string{"serviceentry", "destinationrule", "virtualservice"} {
		tamper(t, ns, kind)
	}

	// Somebody else's object for the host, twice: an Event, and then its series.
	for _, count := range []string{"", "2"} {
		must(t, apply(t, "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: mine, namespace: "+ns+"}\n"+
			"spec: {hosts: [dynamodb.eu-west-1.amazonaws.com], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}"))
		eventually(t, func() error { return counted(t, ns, count) })
		_, err := env.Kubectl(t.Context(), "delete", "serviceentry", "mine", "-n", ns)
		must(t, err)
		eventually(t, func() error { return opened(t, ns, "dynamodb.eu-west-1.amazonaws.com") })
	}
	must(t, env.Client.Delete(t.Context(), pod, client.GracePeriodSeconds(0)))
	eventually(t, func() error {
		if opened(t, ns, "dynamodb.eu-west-1.amazonaws.com") == nil {
			return errors.New("the host is still open")
		}
		return nil
	})
	askWithoutRegion(t, r)
	must(t, r.terminate(t))

	events := asked(t)[before:]
	for _, e := range events {
		if e.ResponseStatus.Code == http.StatusForbidden {
			t.Errorf("forbidden: %s %s", e.Verb, e.RequestURI)
		}
	}
	for right := range granted {
		if !slices.ContainsFunc(events, right.covers) {
			t.Errorf("granted, but never asked for: %v", right)
		}
	}
	t.Logf("%d rights, %d requests", len(granted), len(events))
}

// counted reports why no Event of a namespace has the count given in its series; "" is that
// of an Event without one.
func counted(t *testing.T, ns, count string) error {
	t.Helper()
	out, err := env.Kubectl(t.Context(), "get", "events.events.k8s.io", "-n", ns, "-o", `jsonpath={range .items[*]}"{.series.count}" {end}`)
	if err == nil && !strings.Contains(out, strconv.Quote(count)) {
		err = fmt.Errorf("counts of the Events: %s, want %q", out, count)
	}
	return err
}

// tamper has somebody add a field to one of our objects, and waits until it is gone.
func tamper(t *testing.T, ns, kind string) {
	t.Helper()
	const name = "aws-mesh-dynamodb.eu-west-1.amazonaws.com"
	_, err := env.Kubectl(t.Context(), "patch", kind, name, "-n", ns, "--type=merge", "-p", `{"spec": {"exportTo": ["."], `+added[kind]+`}}`)
	must(t, err)
	eventually(t, func() error {
		out, err := env.Kubectl(t.Context(), "get", kind, name, "-n", ns, "-o", "yaml")
		if err == nil && strings.Contains(out, "tampered.example.com") {
			err = errors.New("the field is still there")
		}
		return err
	})
}

// added are fields that the controller does not set, by kind.
var added = map[string]string{
	"serviceentry":    `"subjectAltNames": ["tampered.example.com"]`,
	"destinationrule": `"trafficPolicy": {"tls": {"insecureSkipVerify": true, "credentialName": "tampered.example.com"}}`,
	"virtualservice":  `"tcp": [{"route": [{"destination": {"host": "tampered.example.com"}}]}]`,
}

// covers reports whether e needed r.
func (r right) covers(e event) bool {
	if e.ObjectRef == nil || e.ObjectRef.APIGroup != r.group || e.ObjectRef.Resource != r.resource {
		return false
	}
	// What is only asked for in the webhook's own namespace is no reason for the cluster's.
	if where := e.ObjectRef.Namespace; r.scope != where && (r.scope != "" || where == namespace) {
		return false
	}
	if r.name != "" && e.ObjectRef.Name != r.name {
		return false
	}
	switch r.verb {
	case "list": // API servers that cannot stream a list are asked for one
		return e.Verb == "list" || e.Verb == "watch"
	case "create": // server-side apply needs it for an object that is not there
		return e.Verb == "create" || e.Verb == "patch" && e.ResponseStatus.Code == http.StatusCreated
	}
	return e.Verb == r.verb
}

// askWithoutRegion sends a review for a pod in a namespace that the cache does not have.
func askWithoutRegion(t *testing.T, r *replica) {
	t.Helper()
	c := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	resp, err := c.Post("https://"+r.addr+"/mutate", "application/json", strings.NewReader(`{
		"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
			"uid": "1", "namespace": "nowhere", "operation": "CREATE",
			"kind": {"group": "", "version": "v1", "kind": "Pod"}, "resource": {"group": "", "version": "v1", "resource": "pods"},
			"object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": {"aws-mesh/services": "s3"}}, "spec": {"containers": [{"name": "app"}, {"name": "istio-proxy"}]}}}}`))
	must(t, err)
	must(t, resp.Body.Close())
	if resp.StatusCode != http.StatusOK {
		t.Errorf("review: %s", resp.Status)
	}
}
