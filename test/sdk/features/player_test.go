package features

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
	"github.com/aws-mesh/aws-mesh/test/sdk/pod"
	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

var long = flag.Bool("long", false, "poll for 20 s, and stream 1 GiB also under the race detector")

// A player runs applications in the mesh and outside of it.
type player struct {
	*stage.Stage
	t       *testing.T // that of all features
	env     stage.Env  // in the mesh
	capture *pod.Capture
	bundle  string // certificates for applications
	plain   uint16 // the port of an HTTP proxy, which is spoken to in plaintext
	leaks   int    // known
	runs    int
	running map[*pod.Machine]*stage.Process // applications that share one
}

func newPlayer(t *testing.T, policy string) *player {
	t.Helper()
	s := stage.Start(t, stage.Config{Policy: policy, Annotations: stage.Services("dynamodb,s3,sqs,kinesis,sts,secretsmanager")})
	return &player{Stage: s, t: t, env: s.Env(t), capture: s.Capture(t, s.Pod), running: map[*pod.Machine]*stage.Process{}}
}

// listSecondRegion makes S3 in us-east-1 part of the mesh, too.
func (p *player) listSecondRegion(t *testing.T) {
	t.Helper()
	annotations := stage.Services("s3")
	annotations[awsmesh.AnnotationRegion] = "us-east-1"
	if err := p.Apply(t.Context(), "second-region", stage.Objects(t, annotations)); err != nil {
		t.Fatal(err)
	}
	request, err := awsmesh.ParseRequest(annotations)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := awsmesh.PlanFor(request, endpoints.Params{Region: request.Region})
	if err != nil {
		t.Fatal(err)
	}
	p.env[awsmesh.EnvHosts] += "," + strings.Join(plan.Hosts, ",")
}

// test demands that a feature is in the mesh what the table says, and outside, too.
func (p *player) test(t *testing.T, f feature) {
	for _, sdk := range sdks() {
		v := f.variant(sdk)
		if v.call == nil {
			continue
		}
		t.Run(sdk, func(t *testing.T) {
			p.inMesh(t, f, sdk)
			if f.meshOnly || t.Failed() {
				return
			}
			in := p.input(f, sdk)
			in.Plain = true
			if saw := p.play(t, p.Bare, f, in); saw != v.want {
				t.Errorf("outside, the application saw\n%s, want\n%s", saw, v.want)
			}
		})
	}
}

func (p *player) inMesh(t *testing.T, f feature, sdk string) {
	saw := p.play(t, p.Pod, f, p.input(f, sdk))
	if want := f.variant(sdk).inMesh(); saw != want {
		t.Errorf("in the mesh, the application saw\n%s, want\n%s", saw, want)
	}
	leaks := slices.DeleteFunc(p.Leaks(t, p.capture), func(l pod.Flow) bool { return l.To.Port() == p.plain })
	for _, l := range leaks[p.leaks:] {
		t.Errorf("plaintext left for %s: %.200q", l.To, l.Plaintext)
	}
	p.leaks = len(leaks)
}

// input is what an application is told for a run in which it creates things of its own.
func (p *player) input(f feature, sdk string) app.Input {
	p.runs++
	in := app.Input{
		Feature: f.name, SDK: sdk, Region: f.region, Host: f.host, Bundle: p.bundle,
		Run: fmt.Sprintf("run-%d-%s", p.runs, sdk), Wait: 3, Size: large,
	}
	if *long {
		in.Wait, in.Size = 20, 1<<30
	}
	return in
}

// play runs the application and looks at what it sent, if it is in the mesh.
func (p *player) play(t *testing.T, m *pod.Machine, f feature, in app.Input) string {
	t.Helper()
	p.AWS.Reset()
	for _, fault := range f.faults {
		p.AWS.AddFault(fault)
	}
	saw := p.ask(t, m, f, in)
	if m == p.Pod {
		p.inspect(t, f)
	}
	if f.urls {
		saw = stage.Run[string](t, p.Bare, "fetch", stage.OutOfMesh().NoCredentials(), saw)
	}
	return saw
}

func (p *player) ask(t *testing.T, m *pod.Machine, f feature, in app.Input) string {
	t.Helper()
	env := maps.Clone(p.env)
	if m == p.Bare {
		env = stage.OutOfMesh()
	}
	if f.keyless {
		env = env.NoCredentials()
	}
	maps.Copy(env, f.env)
	if f.keyless || f.env != nil {
		return stage.Run[string](t, m, "feature", env, in)
	}
	if p.running[m] == nil {
		p.running[m] = stage.Begin(p.t, m, "feature", env)
	}
	return stage.Ask[string](t, p.running[m], in)
}

// inspect demands that all requests are as they should be.
func (p *player) inspect(t *testing.T, f feature) {
	t.Helper()
	records := p.AWS.Records()
	if len(records) == 0 {
		t.Error("AWS saw no request")
		return
	}
	for _, r := range records {
		if err := proper(&r); err != nil && (f.refused == nil || !f.refused(&r)) {
			t.Errorf("%s https://%s%s, answered %d: %v", r.Method, r.Host, r.URI, r.Status, err)
			return // the others are like it
		}
	}
	if f.check == nil {
		return
	}
	if err := f.check(records); err != nil {
		t.Error(err)
	}
}
