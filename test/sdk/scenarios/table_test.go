package scenarios

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/sdk/pod"
	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

// What happens, by policy of the mesh for unknown hosts, pod, egress objects that the
// sidecar has, what the application was told (InMesh), and what it does instead:
//
//	sidecar          plaintext to the sidecar, which goes on with TLS
//	own-tls          the application's own TLS, to AWS
//	not-intercepted  refused; not one byte leaves
//	no-route         refused; not one byte leaves
//	no-route?        refused; what leaves is the question about the route, and nothing else
//	blocked          refused by the sidecar; not one byte leaves
//
// The objects are those for DynamoDB and S3, which the application calls, or others'.
const table = `
policy         pod   objects      InMesh  instead  happens

ALLOW_ANY      mesh  plaintext    true    refuse   sidecar
ALLOW_ANY      mesh  plaintext    false   -        own-tls
ALLOW_ANY      mesh  passthrough  false   -        own-tls
ALLOW_ANY      mesh  none         true    refuse   no-route?
ALLOW_ANY      mesh  none         true    tls      own-tls?
ALLOW_ANY      mesh  none         false   -        own-tls
ALLOW_ANY      mesh  others       true    refuse   no-route?
ALLOW_ANY      mesh  others       true    tls      own-tls?
ALLOW_ANY      mesh  others       false   -        own-tls

ALLOW_ANY      bare  -            true    refuse   not-intercepted
ALLOW_ANY      bare  -            true    tls      own-tls
ALLOW_ANY      bare  -            false   -        own-tls

REGISTRY_ONLY  mesh  plaintext    true    refuse   sidecar
REGISTRY_ONLY  mesh  plaintext    false   -        blocked
REGISTRY_ONLY  mesh  passthrough  false   -        own-tls
REGISTRY_ONLY  mesh  none         true    refuse   no-route
REGISTRY_ONLY  mesh  none         true    tls      blocked
REGISTRY_ONLY  mesh  none         false   -        blocked
REGISTRY_ONLY  mesh  others       true    refuse   no-route
REGISTRY_ONLY  mesh  others       false   -        blocked
`

// A row is a line of the table.
type row struct {
	policy, pod, objects, inMesh, instead, happens string
}

func rows(policy string) []row {
	var all []row
	for line := range strings.SplitSeq(table, "\n") {
		if f := strings.Fields(line); len(f) == 6 && f[0] == policy {
			all = append(all, row{f[0], f[1], f[2], f[3], f[4], f[5]})
		}
	}
	return all
}

// TestScenarios demands what the table says, of both SDKs, over IPv4 and IPv6, for a
// host and for one of a wildcard.
func TestScenarios(t *testing.T) {
	t.Parallel()
	t.Log(table)
	inEachMesh(t, "dynamodb,s3", func(t *testing.T, s *stage.Stage, policy string) {
		var through, past []string
		objects := "plaintext"
		for i, r := range rows(policy) {
			name := strings.Join([]string{r.pod, r.objects, "InMesh=" + r.inMesh, r.instead}, ",")
			t.Run(name, func(t *testing.T) {
				if r.objects != objects && r.pod == "mesh" {
					objects = r.objects
					r.set(t, s)
				}
				for _, token := range r.play(t, s, i) {
					if r.happens == "sidecar" {
						through = append(through, token)
					} else {
						past = append(past, token)
					}
				}
			})
		}
		wantLogged(t, s, through, past)
	})
}

// play plays a row, and returns the tokens of its requests.
func (r row) play(t *testing.T, s *stage.Stage, number int) (tokens []string) {
	machine := s.Pod
	if r.pod == "bare" {
		machine = s.Bare
	}
	p := stage.Begin(t, machine, "call", s.Env(t).With("AWS_MESH_IN_MESH", r.inMesh))
	for _, sdk := range []string{"v1", "v2"} {
		for _, address := range []netip.Addr{pod.AWS4, pod.AWS6} {
			for _, bucket := range []string{"", "photos"} {
				s.Resolve(address)
				o := order{
					SDK: sdk, Bucket: bucket, UseTLS: r.instead == "tls",
					Token: fmt.Sprintf("%s-row-%d-call-%d!", r.policy, number, len(tokens)),
				}
				tokens = append(tokens, o.Token)
				r.check(t, look(t, s, machine, p, o))
			}
		}
	}
	return tokens
}

// set gives the sidecar the objects of the row.
func (r row) set(t *testing.T, s *stage.Stage) {
	t.Helper()
	annotations := stage.Services("dynamodb,s3")
	switch r.objects {
	case "passthrough":
		annotations["aws-mesh/mode"] = "passthrough"
		s.Annotate(t, annotations)
	case "plaintext":
		s.Annotate(t, annotations)
	case "none":
		s.Annotate(t, annotations) // for the environment
		s.Take(t)
	case "others":
		s.Annotate(t, annotations)
		s.Give(t, stage.Objects(t, stage.Services("sqs")))
	}
}

func (r row) check(t *testing.T, v view) {
	t.Helper()
	switch r.happens {
	case "sidecar", "own-tls":
		v.wantAnswered(t)
		v.wantNothingPlain(t)
	case "own-tls?":
		v.wantAnswered(t)
		v.wantQuestions(t)
	case "no-route?":
		v.wantError(t, "no-route")
		v.wantNoRequest(t)
		v.wantQuestions(t)
	default:
		v.wantError(t, r.happens)
		v.wantNothingSent(t)
	}
}

// wantLogged demands that the sidecar has seen the requests with the tokens through, as
// HTTP, and that those with the tokens past, if any, were TLS to it.
func wantLogged(t *testing.T, s *stage.Stage, through, past []string) {
	t.Helper()
	var log string
	wait(t, "the sidecar's access log has all requests", func() (err error) {
		log, err = s.AccessLog()
		if i := slices.IndexFunc(through, func(token string) bool { return !strings.Contains(log, token) }); err == nil && i >= 0 {
			err = fmt.Errorf("no request with %q", through[i])
		}
		return err
	})
	for _, token := range past {
		if strings.Contains(log, token) {
			t.Errorf("the sidecar read a request that was not for it: %s", token)
		}
	}
}
