package mutate_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// everything lists all services of us-east-1, as an annotation does.
func everything() string {
	var names []string
	for _, s := range endpoints.Services() {
		if _, err := endpoints.Resolve(s.Name, endpoints.Params{Region: "us-east-1"}); err == nil {
			names = append(names, s.Name)
		}
	}
	return strings.Join(names, ",")
}

// listed returns n items of a list in JSON. Where format has a verb, it is their number.
func listed(n int, format string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = format
		if strings.Contains(format, "%") {
			items[i] = fmt.Sprintf(format, i)
		}
	}
	return strings.Join(items, ",")
}

// TestLimits sends pods that were made to cost much: memory, or messages that nobody reads.
func TestLimits(t *testing.T) {
	const proxy, c = `{"name":"istio-proxy"},`, `{"name":"a"}`
	sqs, all := `"aws-mesh/services":"sqs"`, `"aws-mesh/services":"`+everything()+`"`
	long := strings.Repeat("y", 63)
	for _, tt := range []struct {
		name, annotations, init, containers string
		message                             string // a part of it; empty: allowed
		warnings                            int
		most                                uint64 // bytes allocated
	}{
		{"200 containers", sqs, listed(100, c), listed(100, c), "", 0, 4 << 20},
		{"201 containers", sqs, listed(100, c), listed(101, c), "more than 200 containers: too many for a pod with annotation aws-mesh/services", 0, 4 << 20},
		{"100,000 containers", sqs, "", listed(100_000, c), "more than 200 containers", 0, 24 << 20},
		{"100,000 containers that ask for nothing", `"a":"b"`, "", listed(100_000, c), "", 0, 24 << 20},
		{"20 containers, all services", all, "", proxy + listed(20, c), "", 0, 16 << 20},
		{"199 containers, all services", all, "", proxy + listed(199, c), "annotation aws-mesh/services: the variables of ", 0, 2 << 20},
		{"199 containers, all URLs", all + `,"aws-mesh/endpoint-urls":"true"`, "", proxy + listed(199, c), "longer than 1048576 bytes: list fewer, or name containers in aws-mesh/skip-containers", 0, 4 << 20},
		{"1,000 variables", sqs, "", `{"name":"a","env":[` + listed(1000, `{"name":"AWS_%05d"}`) + `]}`, "", 0, 2 << 20},
		{"1,001 variables", sqs, "", `{"name":"a","env":[` + listed(1001, `{"name":"AWS_%05d"}`) + `]}`, `container "a": more than 1000 variables AWS_… and ISTIO_META_…: too many`, 0, 2 << 20},
		{"100,000 variables that ask for nothing", `"a":"b"`, "", `{"name":"a","env":[` + listed(100_000, `{"name":"AWS_"}`) + `]}`, "", 0, 24 << 20},
		{"250 names to skip", sqs + `,"aws-mesh/skip-containers":"` + listed(250, strings.Repeat("x", 58)+"%05d") + `"`, "", listed(200, `{"name":"`+long+`"}`), "", 11, 6 << 20},
		{"250 short names to skip", sqs + `,"aws-mesh/skip-containers":"` + listed(250, "%05d") + `"`, "", listed(200, `{"name":"`+long+`"}`), "", 11, 2 << 20},
		{"typos in names to skip", sqs + `,"aws-mesh/skip-containers":"wex,wex,web"`, "", listed(200, `{"name":"wev"}`), `: no container "web" (did you mean "wev"?); no container "wex" (did you mean "wev"?)`, 0, 2 << 20},
	} {
		pod := `{"metadata":{"name":"web","annotations":{` + tt.annotations + `}},"spec":{"initContainers":[` + tt.init + `],"containers":[` + tt.containers + `]}}`
		request := creation([]byte(pod), "shop")
		body, err := json.Marshal(map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
		if err != nil {
			t.Fatal(err)
		}
		h := &mutate.Handler{Options: mutate.Options{DefaultRegion: "us-east-1"}}
		for side, handler := range map[string]http.Handler{"mutate": h.Mutate(), "validate": h.Validate()} {
			resp := send(t, handler, request)
			if resp.Allowed != (tt.message == "") || !strings.Contains(resp.Status.Message, tt.message) || len(resp.Warnings) != tt.warnings {
				t.Errorf("%s, %s: allowed %v, %.500s, %d warnings; want %q and %d", tt.name, side, resp.Allowed, resp.Status.Message, len(resp.Warnings), tt.message, tt.warnings)
			}
			if got := allocated(func() { post(handler, body) }); got > tt.most {
				t.Errorf("%s, %s: %d bytes allocated for %d, want at most %d", tt.name, side, got, len(body), tt.most)
			}
		}
	}
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestToldOnce demands that containers of one region are told the same bytes.
func TestToldOnce(t *testing.T) {
	pod := `{"metadata":{"annotations":{"aws-mesh/services":"sqs,s3"}},"spec":{"containers":[{"name":"istio-proxy"},{"name":"a"},{"name":"b"}]}}`
	d, err := mutate.Pod(t.Context(), []byte(pod), "shop", mutate.Options{DefaultRegion: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range d.Containers[1].Env {
		w := d.Containers[2].Env[i]
		if v != w || v.Name == awsmesh.EnvHosts && unsafe.StringData(v.Value) != unsafe.StringData(w.Value) {
			t.Errorf("a is told %s, b %s, at %p and %p", v, w, unsafe.StringData(v.Value), unsafe.StringData(w.Value))
		}
	}
}
