package egress

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "rewrite the results in testdata")

// TestGolden runs the pure pipeline over testdata/*.txtar. The inputs of a case, in
// namespace shop, at noon:
//
//	pods.yaml     the pods that are there
//	earlier.yaml  pods whose objects are there
//	since         when those objects were marked as unused
//	live.yaml     further Istio objects; one of the same kind and name takes the place of one from earlier.yaml
//	limit         hosts of the namespace
//	gateway       the egress gateway, and earlier-gateway that of earlier.yaml
//
// And the results, of which a case has those that it is about: objects.yaml, changes,
// events.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]string{}
	for _, f := range archive.Files {
		in[f.Name] = string(f.Data)
	}
	got := run(t, in)
	for i, f := range archive.Files {
		result, ok := got[f.Name]
		if !ok || result == string(f.Data) {
			continue
		}
		if *update {
			archive.Files[i].Data = []byte(result)
			continue
		}
		t.Errorf("%s (-want +got; go test -update):\n%s", f.Name, cmp.Diff(string(f.Data), result))
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const namespace = "shop"

func fixedNow() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func run(t *testing.T, in map[string]string) map[string]string {
	t.Helper()
	limit := 1000
	if l, ok := in["limit"]; ok {
		var err error
		if limit, err = strconv.Atoi(strings.TrimSpace(l)); err != nil {
			t.Fatal(err)
		}
	}
	live := liveObjects(t, in)
	o := observation{claims: map[string][]claim{}}
	var pods []podPlan
	o.egress, pods = planPods(namespace, decodePods(t, in["pods.yaml"]), limit)
	o.egress.Gateway, o.egress.RootNamespace = gateway(t, in["gateway"]), strings.TrimSpace(in["istio-namespace"])
	for _, u := range live {
		if ours(u) {
			o.live = append(o.live, u)
		}
	}
	for _, l := range o.egress.legs() {
		o.claims[Name(l.host)] = o.egress.claimsOn(Name(l.host), live)
	}
	for _, u := range o.live {
		o.claims[u.GetName()] = o.egress.claimsOn(u.GetName(), live)
	}
	return map[string]string{
		"objects.yaml": encode(t, o.egress.Objects()),
		"changes":      changeList(decide(o, fixedNow(), limits{retention: DefaultRetention, hosts: limit})),
		"events":       eventList(problems(o, pods)),
	}
}

// liveObjects returns the objects as the cache has them.
func liveObjects(t *testing.T, in map[string]string) []*unstructured.Unstructured {
	earlier, _ := planPods(namespace, decodePods(t, in["earlier.yaml"]), 1000)
	earlier.Gateway = gateway(t, in["earlier-gateway"])
	objects := earlier.Objects()
	if since := strings.TrimSpace(in["since"]); since != "" {
		for _, u := range objects {
			u.SetAnnotations(map[string]string{annotationUnusedSince: since})
		}
	}
	byRef := map[string]int{}
	for i, u := range objects {
		byRef[u.GetNamespace()+u.GetKind()+u.GetName()] = i
	}
	for _, doc := range documents(in["live.yaml"]) {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(doc), &u.Object); err != nil {
			t.Fatal(err)
		}
		u.SetAPIVersion("networking.istio.io/v1")
		if u.GetNamespace() == "" {
			u.SetNamespace(namespace)
		}
		if i, ok := byRef[u.GetNamespace()+u.GetKind()+u.GetName()]; ok {
			objects[i] = u
		} else {
			objects = append(objects, u)
		}
	}
	for i, u := range objects {
		u.SetUID(types.UID(fmt.Sprint("istio-", i)))
		objects[i] = slimIstio(slimIstio(u)) // the cache may do it more than once
	}
	return objects
}

func gateway(t *testing.T, text string) (g Gateway) {
	if err := g.UnmarshalText([]byte(strings.TrimSpace(text))); err != nil {
		t.Fatal(err)
	}
	return g
}

func decodePods(t *testing.T, text string) []*metav1.PartialObjectMetadata {
	var pods []*metav1.PartialObjectMetadata
	for i, doc := range documents(text) {
		pod := metadata("Pod")
		if err := yaml.UnmarshalStrict([]byte(doc), pod); err != nil {
			t.Fatal(err)
		}
		pod.SetGroupVersionKind(metadata("Pod").GroupVersionKind())
		pod.Namespace, pod.UID = namespace, types.UID(fmt.Sprint("pod-", i))
		pods = append(pods, slimPod(pod))
	}
	return pods
}

func documents(text string) []string {
	var docs []string
	for doc := range strings.SplitSeq(text, "---\n") {
		if strings.TrimSpace(doc) != "" {
			docs = append(docs, doc)
		}
	}
	return docs
}

func encode(t *testing.T, objects []*unstructured.Unstructured) string {
	var b bytes.Buffer
	for i, u := range objects {
		if i > 0 {
			b.WriteString("---\n")
		}
		text, err := yaml.Marshal(u.Object)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	return b.String()
}

func changeList(c changes) string {
	var b strings.Builder
	for _, list := range []struct {
		verb    string
		objects []*unstructured.Unstructured
	}{{"apply", c.apply}, {"unmark", c.unmark}, {"mark", c.mark}, {"delete", c.delete}} {
		for _, u := range list.objects {
			fmt.Fprintln(&b, list.verb, u.GetKind(), u.GetName())
		}
	}
	for _, host := range c.left {
		fmt.Fprintln(&b, "leave", host)
	}
	if c.next > 0 {
		fmt.Fprintln(&b, "look again in", c.next)
	}
	return b.String()
}

func eventList(problems []problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&b, "%s %s/%s: %s: %s\n", p.object.GetObjectKind().GroupVersionKind().Kind,
			p.object.GetNamespace(), p.object.GetName(), p.reason, p.note)
	}
	return b.String()
}
