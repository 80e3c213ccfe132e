package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

// both are the SDKs.
func both() []string { return []string{"v1", "v2"} }

// inEachMesh plays on a stage of its own in a mesh of each policy for unknown hosts,
// with the objects of a pod that asks for services.
func inEachMesh(t *testing.T, services string, play func(t *testing.T, s *stage.Stage, policy string)) {
	t.Helper()
	for _, policy := range []string{"ALLOW_ANY", "REGISTRY_ONLY"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			play(t, stage.Start(t, stage.Config{Policy: policy, Annotations: stage.Services(services)}), policy)
		})
	}
}

// TestRouteArrives demands that a call waits for objects that are on their way to the
// sidecar, and that until they are there nothing leaves but questions.
func TestRouteArrives(t *testing.T) {
	t.Parallel()
	objects := stage.Objects(t, stage.Services("dynamodb"))
	inEachMesh(t, "dynamodb", func(t *testing.T, s *stage.Stage, policy string) {
		for _, sdk := range both() {
			s.Take(t)
			p := stage.Begin(t, s.Pod, "call", s.Env(t))
			o := order{SDK: sdk, Token: "waits!", Wait: true, Attempts: 4} // objects come one by one
			asked := questions(t, s, policy)
			looked := watch(t, s, s.Pod)
			var told outcome
			failed := make(chan error)
			go func() { failed <- p.Ask(o, &told) }()
			wait(t, "the sidecar is asked twice", func() error {
				if n := questions(t, s, policy) - asked; n < 2 {
					return fmt.Errorf("%d questions", n)
				}
				return nil
			})
			s.Give(t, objects)
			if err := <-failed; err != nil {
				t.Fatal(err)
			}
			v := looked(o, told)
			v.wantAnswered(t)
			if policy == "ALLOW_ANY" {
				v.wantQuestions(t)
			} else {
				v.wantNothingPlain(t)
			}
		}
	})
}

// questions returns how many questions the sidecar has passed on, or refused to.
func questions(t *testing.T, s *stage.Stage, policy string) (n int) {
	t.Helper()
	if policy == "ALLOW_ANY" {
		for _, r := range s.AWS.Records() {
			if isQuestion(r) {
				n++
			}
		}
		return n
	}
	log, err := s.AccessLog()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(log, "BlackHoleCluster")
}

// TestWithoutDestinationRule demands that a sidecar which knows the route, but not how
// to originate TLS, sends nothing, be it that the rule is yet to come or that it was
// removed under an open connection.
func TestWithoutDestinationRule(t *testing.T) {
	t.Parallel()
	objects := stage.Objects(t, stage.Services("dynamodb"))
	inEachMesh(t, "dynamodb", func(t *testing.T, s *stage.Stage, _ string) {
		open := stage.Begin(t, s.Pod, "call", s.Env(t))
		for _, sdk := range both() {
			look(t, s, s.Pod, open, order{SDK: sdk}).wantAnswered(t)
		}
		s.Give(t, only(objects, "ServiceEntry", "VirtualService"))
		for _, sdk := range both() {
			v := look(t, s, s.Pod, stage.Begin(t, s.Pod, "call", s.Env(t)), order{SDK: sdk})
			v.wantError(t, "blocked")
			v.wantNothingSent(t)
			v = look(t, s, s.Pod, open, order{SDK: sdk, Keep: true})
			v.wantError(t, "blocked")
			v.wantNoRequest(t)
			v.wantNothingPlain(t)
		}
	})
}

// only returns the objects in text of the kinds given.
func only(text string, kinds ...string) string {
	docs := slices.DeleteFunc(strings.Split(text, "\n---\n"), func(doc string) bool {
		return !slices.ContainsFunc(kinds, func(kind string) bool { return strings.Contains(doc, "\nkind: "+kind+"\n") })
	})
	return strings.Join(docs, "\n---\n")
}

// ownEntry is what a user may have for DynamoDB: aws-mesh then stands back.
const ownEntry = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: own, namespace: shop}
spec:
  hosts: [dynamodb.eu-west-1.amazonaws.com]
  location: MESH_EXTERNAL
  resolution: NONE
  ports: [{number: 443, name: tls, protocol: TLS}]
`

// TestOwnEntry demands that plaintext is refused for a host that the user has let out as
// TLS, where the application's own TLS goes through.
func TestOwnEntry(t *testing.T) {
	t.Parallel()
	inEachMesh(t, "dynamodb", func(t *testing.T, s *stage.Stage, policy string) {
		s.Give(t, ownEntry)
		told := stage.Begin(t, s.Pod, "call", s.Env(t))
		notTold := stage.Begin(t, s.Pod, "call", s.Env(t).With("AWS_MESH_IN_MESH", "false"))
		for _, sdk := range both() {
			v := look(t, s, s.Pod, told, order{SDK: sdk})
			v.wantError(t, "no-route")
			v.wantNoRequest(t)
			if policy == "ALLOW_ANY" {
				v.wantQuestions(t)
			} else {
				v.wantNothingSent(t)
			}
			look(t, s, s.Pod, notTold, order{SDK: sdk}).wantAnswered(t)
			look(t, s, s.Pod, told, order{SDK: sdk, UseTLS: true}).wantAnswered(t)
		}
	})
}

// TestTrustRoute shows why TrustRoute is what it is: with objects it works; without,
// under ALLOW_ANY, the signed request goes to AWS in plaintext, and AWS's answer is
// explained.
func TestTrustRoute(t *testing.T) {
	t.Parallel()
	inEachMesh(t, "dynamodb", func(t *testing.T, s *stage.Stage, policy string) {
		p := stage.Begin(t, s.Pod, "call", s.Env(t))
		for _, sdk := range both() {
			v := look(t, s, s.Pod, p, order{SDK: sdk, TrustRoute: true})
			v.wantAnswered(t)
			v.wantNothingPlain(t)
		}
		s.Take(t)
		for _, sdk := range both() {
			v := look(t, s, s.Pod, p, order{SDK: sdk, TrustRoute: true})
			if policy == "REGISTRY_ONLY" {
				v.wantError(t, "blocked")
				v.wantNothingSent(t)
				continue
			}
			v.wantError(t, "plaintext-sent")
			leaked := slices.ContainsFunc(v.records, func(r aws.Record) bool {
				return r.Via == aws.ViaPlaintext && r.Header.Get("Authorization") != ""
			})
			if !leaked {
				t.Errorf("%v: no signed plaintext reached AWS: nothing is proven of TrustRoute, and of the other tests", v.order)
			}
		}
	})
}
