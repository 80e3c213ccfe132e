package e2e

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// A clientSight is what was seen of a client's call.
type clientSight struct {
	OK           bool
	Value, Error string
	records      []aws.Record
}

// lookAt runs the pod's features, all clients at once, and compares what comes of each.
func (s space) lookAt(t *testing.T, p clientPod) {
	t.Helper()
	pod := s.get(t, p.app)
	cell(t, []string{"environment"}, func(t *testing.T) { checkURLs(t, pod, p) })
	sent := -s.originated(t, p.app)
	got := 0
	for _, f := range p.Features {
		sights := s.round(t, p, pod, f)
		got += len(sights[""].records)
		for _, c := range p.Containers {
			if want, runs := c.way(s.Policy, f); runs {
				cell(t, []string{c.Name, strings.ReplaceAll(f.Case, "/", " ")}, func(t *testing.T) { sights[c.Name].check(t, want) })
				if sidecars[want] {
					got += len(sights[c.Name].records)
				}
			}
		}
	}
	sent += s.originated(t, p.app)
	cell(t, []string{"sidecar"}, func(t *testing.T) {
		if sent != got {
			t.Errorf("the sidecar sent %d requests in TLS of its own, and AWS saw %d of those that were to be", sent, got)
		}
	})
}

// sidecars are the ways of which every request that gets to AWS is in the sidecar's TLS.
// One that fails may come after others.
var sidecars = map[way]bool{meshTLS: true, refused: true, wrongRegion: true, fails: true}

// round has all clients of a pod run a case at once.
func (s space) round(t *testing.T, p clientPod, pod *corev1.Pod, f feature) map[string]clientSight {
	t.Helper()
	sights := map[string]clientSight{}
	var mu sync.Mutex
	records := sees(t, pod.Status.PodIP, func() {
		var done sync.WaitGroup
		for _, c := range p.Containers {
			if _, runs := c.way(s.Policy, f); !runs {
				continue
			}
			done.Go(func() {
				seen, err := answerOf[clientSight](t.Context(), env.Pod(s.Name, pod.Name, c.Port), "call?case="+url.QueryEscape(f.Case))
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				sights[c.Name] = seen
			})
		}
		done.Wait()
	})
	// Not all SDKs say the application's name where they ask STS for credentials.
	for _, r := range records {
		_, name, _ := strings.Cut(r.Header.Get("User-Agent")+" ", " app/")
		name, _, _ = strings.Cut(name, " ")
		seen := sights[name]
		seen.records = append(seen.records, r)
		sights[name] = seen
	}
	return sights
}

// check compares a sight with what is to come of the call.
func (s clientSight) check(t *testing.T, want way) {
	t.Helper()
	if ok := want != refused && want != fails && want != leaks; s.OK != ok {
		t.Errorf("the client says OK %t (%s), want %t", s.OK, s.Error, ok)
	}
	calls := want != fails && want != plainURL && want != properURL
	if calls && len(s.records) == 0 || !calls && want != fails && len(s.records) > 0 {
		t.Errorf("AWS saw %d requests, want some: %t", len(s.records), calls)
	}
	if (want == plainURL || want == properURL) && !strings.HasPrefix(s.Value, string(want)) {
		t.Errorf("the URL is %q, want one that begins with %s", s.Value, want)
	}
	var refusals []string
	for _, r := range s.records {
		host := strings.TrimSuffix(r.Host, ":443")
		if r.Status >= 400 && r.Status != 409 { // 409: the bucket is there
			refusals = append(refusals, fmt.Sprintf("%s %s with %d", r.Method, r.URI, r.Status))
		}
		if want == leaks {
			if r.Via != aws.ViaPlaintext || r.Header.Get("Authorization") == "" {
				t.Errorf("AWS saw %s of host %q via %s", r.Method, r.Host, r.Via)
			}
			continue
		}
		if r.Via != aws.ViaTLS || r.SNI != host {
			t.Errorf("AWS saw %s of host %q with SNI %q, via %s", r.Method, r.Host, r.SNI, r.Via)
		}
		if r.Verdict == aws.Invalid && want != refused {
			t.Errorf("signature %s: %s", r.Verdict, r.Problem)
		}
		if wrong := r.Region == "us-east-1" && host == "iam.amazonaws.com"; want == wrongRegion && wrong {
			t.Errorf("signed for %s, which AWS would take", r.Region)
		}
	}
	if (len(refusals) > 0) != (want == refused || want == leaks) {
		t.Errorf("AWS refused %q, want any: %t", refusals, want == refused)
	}
}

// checkURLs demands that each container has the URLs of the services that work with them,
// if its pod is in the mesh and it does not decline, and else only its own.
func checkURLs(t *testing.T, pod *corev1.Pod, p clientPod) {
	t.Helper()
	for _, c := range p.Containers {
		i := slices.IndexFunc(pod.Spec.Containers, func(in corev1.Container) bool { return in.Name == c.Name })
		var set []string
		for _, v := range pod.Spec.Containers[i].Env {
			if strings.HasPrefix(v.Name, awsmesh.EnvEndpointURL) {
				set = append(set, v.Name)
			}
		}
		want := 0
		if p.Annotations[awsmesh.AnnotationMode] == "plaintext" && !p.OutOfMesh && c.Env[awsmesh.EnvInMesh] != "false" {
			want = map[string]int{everything: 7, "dynamodb": 2}[p.Annotations[awsmesh.AnnotationServices]] // the latter with STS
		}
		for name := range c.Env {
			if strings.HasPrefix(name, awsmesh.EnvEndpointURL) {
				want++
			}
		}
		if len(set) != want {
			t.Errorf("container %s has %d endpoint URLs, want %d: %q", c.Name, len(set), want, set)
		}
	}
}
