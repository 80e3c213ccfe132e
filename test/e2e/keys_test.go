package e2e

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/yaml"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// keys are names of S3 objects, and whether Istio's default normalization of paths alters
// the path that aws-sdk-go-v2 has signed. aws-sdk-go cleans paths itself, before it signs
// them: for it nothing is altered, and "a/./b" is always "a/b".
var keys = []struct {
	name, key string
	altered   bool
}{
	{"dot segment", "a/./b", true},
	{"dot dot segment", "a/../b", true},
	{"dot segment first", "./a", true},
	{"dot dot segment first", "../a", true},
	{"dot segment last", "a/.", true},
	{"dot dot segment last", "a/b/..", true},
	{"backslash", `a\b`, false}, // SDKs escape it, as they do the percent signs below
	{"escaped dot", "a/%2e/b", false},
	{"escaped slash", "a%2Fb", false},
	{"escaped letter", "a%41b", false},
	{"escaped tilde", "a%7Eb", false},
	{"tilde", "a~b", false},
	{"double slash", "a//b", false},
	{"slash first", "/a", false},
	{"space", "a b", false},
	{"plus", "a+b", false},
	{"dots in names", "a.b/.c/d../...", false},
	{"not ASCII", "ä/…", false},
	{"reserved characters", "a:b@c?d#e&f=g;h,i", false},
}

// TestKeys has objects written whose names a mesh may alter: with Istio's default, with
// pathNormalization NONE, and in passthrough, where the sidecar sees no path. NONE holds
// for the whole mesh while the test looks at it. To the others, whose paths need no
// normalization, it is one more push.
func TestKeys(t *testing.T) {
	t.Parallel()
	plain, own := app{Name: "plain", Annotations: asks("plaintext")}, app{Name: "own", Annotations: asks("passthrough")}
	plaintext := space{Name: "keys-plaintext", Policy: "REGISTRY_ONLY", Apps: []app{plain}}
	passthrough := space{Name: "keys-passthrough", Policy: "REGISTRY_ONLY", Apps: []app{own}}
	createAll(t, plaintext, passthrough)

	plaintext.putAll(t, "default", plain, true)
	passthrough.putAll(t, "passthrough", own, false)
	normalize(t, "NONE")
	if err := env.Until(t.Context(), "the sidecar's new configuration", func(context.Context) error {
		if answer := plaintext.put(t, plain, "v2", keys[0].key); !answer.OK {
			return errors.New(answer.Error)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	plaintext.putAll(t, "NONE", plain, false)
}

// putAll writes all keys with both SDKs.
func (s space) putAll(t *testing.T, setting string, a app, alters bool) {
	t.Helper()
	for _, sdk := range []string{"v1", "v2"} {
		for _, k := range keys {
			cell(t, []string{setting, sdk, k.name}, func(t *testing.T) { s.expectKey(t, a, sdk, k.key, alters && k.altered && sdk == "v2") })
		}
	}
}

// expectKey demands that AWS finds a request's signature right or, if its path is altered,
// that the application is told it is not. That the store cannot hold a key is no matter.
func (s space) expectKey(t *testing.T, a app, sdk, key string, altered bool) {
	t.Helper()
	var answer outcome
	records := sees(t, s.get(t, a).Status.PodIP, func() { answer = s.put(t, a, sdk, key) })
	verdicts := map[string]string{} // of requests for the object, and an URI that has it
	for _, r := range records {
		if isQuestion(r) || r.URI == "/" || strings.HasPrefix(r.URI, "/?") {
			continue
		}
		verdicts[r.Verdict] = r.URI
	}
	want := aws.Valid
	if altered {
		want = aws.Invalid
	}
	if len(verdicts) != 1 || verdicts[want] == "" {
		t.Errorf("AWS found signatures %v, want them %s", verdicts, want)
	}
	if refused := strings.Contains(answer.Error, "SignatureDoesNotMatch"); refused != altered {
		t.Errorf("the application got %+v, want SignatureDoesNotMatch: %t", answer, altered)
	}
}

// put has an app write an object and read it.
func (s space) put(t *testing.T, a app, sdk, key string) outcome {
	t.Helper()
	return s.request(t, a, url.Values{"sdk": {sdk}, "service": {"s3"}, "key": {key}})
}

// normalize sets the mesh's pathNormalization until the test is over.
func normalize(t *testing.T, normalization string) {
	t.Helper()
	set := func(ctx context.Context, to any) error {
		client, err := env.Client()
		if err != nil {
			return err
		}
		return retry.RetryOnConflict(retry.DefaultRetry, func() error {
			istio, err := client.CoreV1().ConfigMaps("istio-system").Get(ctx, "istio", metav1.GetOptions{})
			if err != nil {
				return err
			}
			mesh := map[string]any{}
			if err := yaml.Unmarshal([]byte(istio.Data["mesh"]), &mesh); err != nil {
				return err
			}
			delete(mesh, "pathNormalization")
			if to != nil {
				mesh["pathNormalization"] = to
			}
			text, err := yaml.Marshal(mesh)
			if err != nil {
				return err
			}
			istio.Data["mesh"] = string(text)
			_, err = client.CoreV1().ConfigMaps("istio-system").Update(ctx, istio, metav1.UpdateOptions{})
			return err
		})
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		if err := set(ctx, nil); err != nil {
			t.Error(err)
		}
	})
	if err := set(t.Context(), map[string]any{"normalization": normalization}); err != nil {
		t.Fatal(err)
	}
}
