package stage_test

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/pod"
	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

func TestMain(m *testing.M) { stage.Main(m, stage.Apps{"get": stage.App(get)}) }

type answer struct {
	Status int
	Body   string
	Hosts  string // what the webhook said
}

func get(ctx context.Context, url string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{}, err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, string(body), os.Getenv("AWS_MESH_HOSTS")}, err
}

// TestStage demands that an application reaches AWS from both pods, over IPv4 and IPv6,
// with TLS of its own, and the credential endpoints.
func TestStage(t *testing.T) {
	s := stage.Start(t, stage.Config{Annotations: stage.Services("dynamodb")})
	for _, m := range []*pod.Machine{s.Pod, s.Bare} {
		t.Run(m.Name, func(t *testing.T) {
			capture := s.Capture(t, m)
			p := stage.Begin(t, m, "get", s.Env(t))
			for _, a := range []netip.Addr{pod.AWS4, pod.AWS6} {
				s.Resolve(a)
				s.AWS.Reset()
				// Nobody signs it, so AWS refuses it: not for a host that it has objects for.
				got := stage.Ask[answer](t, p, "https://sqs.eu-west-1.amazonaws.com/")
				records := s.AWS.Records()
				if got.Status != http.StatusForbidden || len(records) != 1 || records[0].SNI != "sqs.eu-west-1.amazonaws.com" {
					t.Errorf("%s: %+v, AWS saw %+v", a, got, records)
				}
			}
			if got := stage.Ask[answer](t, p, "http://"+pod.ECS.String()+aws.ECSPath); got.Status != http.StatusOK {
				t.Errorf("ECS: %+v, want 200", got)
			}
			for _, f := range s.Leaks(t, capture) {
				t.Errorf("plaintext left for %s: %.200q", f.To, f.Plaintext)
			}
			toAWS := func(f pod.Flow) bool { return f.To.Addr() == pod.AWS4 && f.Bytes > 0 }
			if flows, err := capture.Flows(); err != nil || !slices.ContainsFunc(flows, toAWS) {
				t.Errorf("the capture saw nothing leave for AWS: %v, %v", flows, err)
			}
			_ = stage.Ask[answer](t, p, "http://"+pod.AWS4.String()+aws.ECSPath)
			if n := len(s.Leaks(t, capture)); n != 1 {
				t.Errorf("%d flows of plaintext, want the one to AWS", n)
			}
		})
	}
}

// TestEnv demands the environment of the webhook, and that of a pod without it.
func TestEnv(t *testing.T) {
	s := stage.Start(t, stage.Config{Annotations: stage.Services("dynamodb")})
	if got := stage.Run[answer](t, s.Pod, "get", s.Env(t), "http://"+pod.ECS.String()+aws.ECSPath); !strings.Contains(got.Hosts, "dynamodb.eu-west-1.amazonaws.com") {
		t.Errorf("AWS_MESH_HOSTS=%q in the mesh", got.Hosts)
	}
	if got := stage.Run[answer](t, s.Pod, "get", stage.OutOfMesh(), "http://"+pod.ECS.String()+aws.ECSPath); got.Hosts != "" {
		t.Errorf("AWS_MESH_HOSTS=%q out of it", got.Hosts)
	}
}
