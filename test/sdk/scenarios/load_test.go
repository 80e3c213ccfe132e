package scenarios

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/pod"
	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

// workers is how many goroutines call AWS with each SDK. Every other one closes its
// connections.
const workers = 8

// A tally is what the calls of an SDK came to.
type tally struct {
	Answered int
	Refused  map[string]int // by kind of error
	Odd      map[string]int // by error that is not ours
}

// load has both SDKs call DynamoDB for some time, and until they have had an answer each,
// and tells how it went.
func load(_ context.Context, long time.Duration) (map[string]*tally, error) {
	begun := time.Now()
	var wg sync.WaitGroup
	var mu sync.Mutex
	tallies := map[string]*tally{}
	for _, sdk := range both() {
		call, err := newClient(order{SDK: sdk})
		if err != nil {
			return nil, err
		}
		sum := &tally{Refused: map[string]int{}, Odd: map[string]int{}}
		tallies[sdk] = sum
		for i := range workers {
			wg.Go(func() {
				for more := true; more; {
					told := patiently(call, order{SDK: sdk, Close: i%2 == 0})
					mu.Lock()
					sum.add(told)
					past := time.Since(begun)
					more = past < long || sum.Answered == 0 && past < 6*patience
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	return tallies, nil
}

// patience is what an application has with one call.
const patience = 5 * time.Second

func patiently(call client, o order) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	told := describe(call(ctx, o))
	if ctx.Err() != nil {
		told.Kind = "out of patience"
	}
	return told
}

func (t *tally) add(o outcome) {
	switch {
	case o.answered():
		t.Answered++
	case o.Kind != "":
		t.Refused[o.Kind]++
	default:
		t.Odd[o.Error]++
	}
}

// TestLoad demands that no plaintext leaves and that every call is answered or refused
// by us while things change below calls that are under way, and that all is well
// afterwards.
//
// Two things nobody can survive who proves a connection once: that its rules go and the
// kernel forgets it, too; and, under ALLOW_ANY, that its egress objects go.
func TestLoad(t *testing.T) {
	t.Parallel()
	objects := stage.Objects(t, stage.Services("dynamodb"))
	inEachMesh(t, "dynamodb", func(t *testing.T, s *stage.Stage, policy string) {
		give := func(ctx context.Context) error { return s.Apply(ctx, "aws-mesh", objects) }
		take := func(ctx context.Context) error { return s.Delete(ctx, "aws-mesh") }
		forget := func(context.Context) error { time.Sleep(time.Second); return s.ForgetConnections() }
		asked := func(ctx context.Context) error {
			return until(ctx, func() error {
				if len(s.AWS.Records()) == 0 {
					return errors.New("AWS was not asked")
				}
				return nil
			})
		}
		if policy == "REGISTRY_ONLY" {
			t.Run("objects come and go", func(t *testing.T) { wantSome(t, underLoad(t, s, 8*time.Second, take, give)) })
			return
		}
		// What the kernel knows goes on in the old way, whatever the rules say.
		t.Run("rules come and go", func(t *testing.T) {
			wantSome(t, underLoad(t, s, 8*time.Second, s.RedirectOff, s.RedirectOn))
		})
		t.Run("connections are forgotten", func(t *testing.T) { underLoad(t, s, 4*time.Second, forget) })
		for range 3 {
			s.Take(t)
			t.Run("objects come", func(t *testing.T) { wantSome(t, underLoad(t, s, 2*time.Second, asked, give)) })
		}
	})
}

// steps does one thing after the other until ctx is done; what it has begun it ends.
func steps(ctx context.Context, all []func(context.Context) error) error {
	for ctx.Err() == nil {
		for _, step := range all {
			time.Sleep(150 * time.Millisecond)
			if err := step(context.WithoutCancel(ctx)); err != nil {
				return err
			}
		}
	}
	return nil
}

// underLoad calls AWS for so long while the steps are taken, one after the other and
// again. It returns how many calls were refused.
func underLoad(t *testing.T, s *stage.Stage, long time.Duration, all ...func(context.Context) error) (refused int) {
	s.AWS.Reset()
	capture := s.Capture(t, s.Pod)
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	changed := make(chan error, 1)
	go func() { changed <- steps(ctx, all) }()
	tallies := stage.Run[map[string]*tally](t, s.Pod, "load", s.Env(t), long)
	if err := <-changed; err != nil {
		t.Fatal(err)
	}

	answered := 0
	for _, sdk := range both() {
		sum := tallies[sdk]
		t.Logf("%s: %d answered, refused: %v", sdk, sum.Answered, sum.Refused)
		answered += sum.Answered
		for _, n := range sum.Refused {
			refused += n
		}
		if sum.Answered == 0 {
			t.Errorf("%s: nothing was answered", sdk)
		}
		for err, n := range sum.Odd {
			t.Errorf("%s: %d times an error that is not ours: %s", sdk, n, err)
		}
	}
	wantOnlyQuestions(t, s, capture)
	wantValid(t, s.AWS.Records(), answered)
	p := stage.Begin(t, s.Pod, "call", s.Env(t))
	for _, sdk := range both() {
		v := look(t, s, s.Pod, p, order{SDK: sdk, Attempts: 3}) // the sidecar has old connections, too
		v.wantNothingPlain(t)
		if !v.outcome.answered() {
			t.Errorf("%v, when all is over: %v", v.order, v.outcome)
		}
	}
	return refused
}

func wantSome(t *testing.T, refused int) {
	t.Helper()
	if refused == 0 {
		t.Error("nothing was refused: the load proves nothing")
	}
}

func wantOnlyQuestions(t *testing.T, s *stage.Stage, capture *pod.Capture) {
	t.Helper()
	leaks := s.Leaks(t, capture)
	for _, f := range leaks {
		if !onlyAsks(f.Plaintext, order{}.host()) {
			t.Errorf("plaintext left for %s: %.300q", f.To, f.Plaintext)
		}
	}
	t.Logf("%d questions left", len(leaks))
}

// wantValid demands that AWS has requests with good signatures only, at least n.
func wantValid(t *testing.T, records []aws.Record, n int) {
	t.Helper()
	valid := 0
	for _, r := range records {
		switch {
		case asks(r):
		case r.Via == aws.ViaTLS && r.Verdict == aws.Valid:
			valid++
		default:
			t.Errorf("AWS has %s", fmt.Sprintf("%+v", r))
		}
	}
	if valid < n {
		t.Errorf("AWS has %d requests with good signatures, the application %d answers", valid, n)
	}
}
