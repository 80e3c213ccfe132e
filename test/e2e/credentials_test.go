package e2e

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// A source is where an SDK is led to for its credentials, by the environment of the
// container that has it.
type source struct {
	Name  string
	Digit int // the last one of the container's port
	Env   map[string]string
	asked func(aws.Record) bool
}

var sources = []source{
	{"imds", 0, nil, at("/latest/meta-data/iam/security-credentials/")},
	{"ecs", 1, map[string]string{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": aws.ECSPath}, at(aws.ECSPath)},
	{"eks", 2, map[string]string{
		"AWS_CONTAINER_CREDENTIALS_FULL_URI":     "http://169.254.170.23" + aws.EKSPath,
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/tokens/eks",
	}, at(aws.EKSPath)},
	{"irsa", 3, irsa(nil), isSTS},
	{"irsa-true", 4, irsa(map[string]string{awsmesh.EnvInMesh: "true", awsmesh.EnvHosts: stsHosts}), isSTS},
}

// stsHosts are for containers that say themselves to be in the mesh.
const stsHosts = "sts.amazonaws.com,sts.eu-west-1.amazonaws.com,dynamodb.eu-west-1.amazonaws.com,*.ddb.eu-west-1.amazonaws.com"

func irsa(env map[string]string) map[string]string {
	all := map[string]string{"AWS_ROLE_ARN": aws.RoleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": "/tokens/irsa"}
	maps.Copy(all, env)
	return all
}

func at(path string) func(aws.Record) bool {
	return func(r aws.Record) bool { return r.Via == aws.ViaLinkLocal && strings.HasPrefix(r.URI, path) }
}

// Port is where the source's container of a role serves.
func (s source) Port(role string) int {
	return map[string]int{"side": 8100, "app": 8080}[role] + s.Digit
}

func (s source) linkLocal() bool { return s.Digit < 3 }

func isSTS(r aws.Record) bool { return strings.HasPrefix(r.Host, "sts.") }

// A credentialCase is what comes of a container's calls, for credentials and then to DynamoDB: as
// the webhook tells it, by the policy of its namespace, and if it says itself that it is
// in the mesh.
type credentialCase struct {
	holder, role           string
	allowAny, registryOnly expectation
	saysTrue               expectation
}

var credentialCases = []credentialCase{
	{"native", "init", viaSidecar, viaSidecar, viaSidecar},
	{"native", "side", viaSidecar, viaSidecar, viaSidecar},
	{"native", "app", viaSidecar, viaSidecar, viaSidecar},
	{"ordinary", "init", ownTLS, ownTLS, notIntercepted}, // Istio redirects nothing before the last of them
	{"ordinary", "side", ownTLS, blocked, viaSidecar},
	{"ordinary", "app", viaSidecar, viaSidecar, viaSidecar},
	{"redirected", "init", blocked, blocked, blocked}, // to a sidecar that is not up
	{"not-annotated", "app", ownTLS, blocked, unknown},
}

func (f credentialCase) of(src source, sdk, policy string) expectation {
	switch {
	case f.holder == "not-annotated" && policy == "REGISTRY_ONLY" && sdk == "v1" && src.linkLocal():
		return unexplained // aws-sdk-go says that there are no credentials, and not why
	case src.Env[awsmesh.EnvInMesh] != "":
		return f.saysTrue
	case policy == "REGISTRY_ONLY":
		return f.registryOnly
	}
	return f.allowAny
}

// TestCredentials has applications fetch credentials from where AWS offers them, at each
// time in the life of a pod.
func TestCredentials(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"ALLOW_ANY", "REGISTRY_ONLY"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			s := space{Name: dnsName("credentials-" + policy), Policy: policy}
			s.create(t)
			pods := s.hold(t)
			for _, f := range credentialCases {
				f.checkAll(t, pods[f.holder], policy)
			}
		})
	}
}

func (f credentialCase) checkAll(t *testing.T, pod *corev1.Pod, policy string) {
	if f.role == "init" {
		cell(t, []string{f.holder, f.role, "AWS"}, func(t *testing.T) { checkSeen(t, seen(t, pod), f.of(sources[0], "v2", policy)) })
	}
	for _, src := range sources {
		for _, sdk := range []string{"v1", "v2"} {
			cell(t, []string{f.holder, f.role, src.Name + " " + sdk}, func(t *testing.T) { f.check(t, pod, src, sdk, f.of(src, sdk, policy)) })
		}
	}
}

// check looks at what came of a container's call with an SDK, and at what AWS saw of it.
func (f credentialCase) check(t *testing.T, pod *corev1.Pod, src source, sdk string, want expectation) {
	t.Helper()
	if f.role == "init" {
		checkOutcome(t, said(t, pod, "init-"+src.Name)[sdk+"/dynamodb"], want)
		return
	}
	checkOutcome(t, call(t, pod, src.Port(f.role), sdk), want)
	records := seen(t, pod)
	checkSeen(t, records, want)
	excluded := f.holder != "not-annotated" && src.linkLocal()
	if asked := slices.ContainsFunc(records, src.asked); asked != (!want.Refused || excluded) {
		t.Errorf("%s was asked for credentials: %t", src.Name, asked)
	}
}

// call has a container call DynamoDB, of which alone AWS has records then. SDKs ask for
// credentials for 5 s at most: if a machine is too slow for that, they are called again.
func call(t *testing.T, pod *corev1.Pod, port int, sdk string) (got outcome) {
	t.Helper()
	for tries := 3; tries > 0; tries-- {
		if err := env.AWS().Of(pod.Status.PodIP).Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		var err error
		if got, err = answerOf[outcome](t.Context(), env.Pod(pod.Namespace, pod.Name, port), "call?service=dynamodb&sdk="+sdk); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(got.Error, context.DeadlineExceeded.Error()) {
			break
		}
	}
	return got
}
