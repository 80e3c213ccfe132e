package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// runAttacks has the apps of the space do what is written down for them, all at once: they
// wait, for what SDKs try again, and as parallel tests they would wait for others too.
func (s space) runAttacks(t *testing.T, attacks map[string][]attack) {
	var all sync.WaitGroup
	for _, a := range s.Apps {
		all.Go(func() { t.Run(a.Name, func(t *testing.T) { s.sufferAs(t, a, attacks[a.Name]) }) })
	}
	all.Wait()
}

func (s space) sufferAs(t *testing.T, a app, attacks []attack) {
	pod := s.get(t, a)
	for _, x := range attacks {
		want := x.allowAny
		if s.Policy == "REGISTRY_ONLY" {
			want = x.registryOnly
		}
		cell(t, []string{x.what, dnsName(strings.NewReplacer("/", " ").Replace(x.does))}, func(t *testing.T) { s.try(t, pod, x, want) })
	}
}

func (s space) try(t *testing.T, pod *corev1.Pod, x attack, want told) {
	var got answer
	records := sees(t, pod.Status.PodIP, func() {
		if x.fault != "" {
			if err := env.AWS().Fault(t.Context(), aws.Fault{Kind: x.fault, Client: pod.Status.PodIP}); err != nil {
				t.Fatal(err)
			}
		}
		got = ask[answer](t, s, pod.Name, x.does)
	})
	got.check(t, want)
	if saw := look(records); saw != want.saw {
		t.Errorf("outside saw %s, want %s: %+v", saw, want.saw, records)
	}
}

// An answer is that of a probe to "call" or to "fetch".
type answer struct {
	sight
	Code, Kind, Cure, Error string
}

func (a answer) check(t *testing.T, want told) {
	t.Helper()
	text := a.Error + a.Failed
	if a.Status != 0 {
		text = fmt.Sprint(a.Status, " ", a.Server)
	}
	switch {
	case want.kind != nil && (a.Kind != want.kind.Error() || a.Cure == ""):
		t.Errorf("told %+v, want %q and a cure", a, want.kind)
	case want.kind == nil && a.Kind != "":
		t.Errorf("told %+v, want %q", a, want.text)
	case want == answered && a.Code != "" && a.Code != "NoSuchBucket", want == answered && a.Code == "" && text != "":
		t.Errorf("told %+v, want an answer of AWS", a)
	case !strings.Contains(text, want.text):
		t.Errorf("told %q, want %q: %+v", text, want.text, a)
	}
}

// look says what was seen outside.
func look(records []aws.Record) string {
	if len(records) == 0 {
		return nothing
	}
	saw := map[string]bool{}
	for _, r := range records {
		switch {
		case r.Via == aws.ViaPlaintext && isQuestion(r):
			saw[question] = true
		case r.Via == aws.ViaPlaintext && r.Header.Get("Authorization") != "":
			saw[signed] = true
		case r.Via == aws.ViaPlaintext:
			saw[plaintext] = true
		case r.Via == aws.ViaTLS && r.SNI == strings.TrimSuffix(r.Host, ":443"):
			saw["TLS, "+r.Verdict] = true
		default:
			saw[fmt.Sprintf("%s for %s by SNI %q", r.Via, r.Host, r.SNI)] = true
		}
	}
	var all []string
	for what := range saw {
		all = append(all, what)
	}
	slices.Sort(all)
	return strings.Join(all, " and ")
}
