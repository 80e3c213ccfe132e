package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/test/node"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// A lasting call is under way until there is its outcome.
type lasting <-chan outcomeAt

type outcomeAt struct {
	err error
	at  time.Time
}

// check demands that the call works, and was under way at a time.
func (l lasting) check(t *testing.T, during time.Time) {
	ended := <-l
	if ended.err != nil {
		t.Error(ended.err)
	}
	if ended.at.Before(during) {
		t.Errorf("it was over %v before", during.Sub(ended.at))
	}
}

// poll begins a call that AWS takes some seconds to answer.
func (s space) poll(t *testing.T, a app) lasting {
	t.Helper()
	pod := s.get(t, a)
	slow := aws.Fault{Kind: aws.Slow, Client: pod.Status.PodIP, Times: 1, Delay: 8 * time.Second}
	if err := env.AWS().Fault(t.Context(), slow); err != nil {
		t.Fatal(err)
	}
	return begin(t, env.Pod(s.Name, pod.Name, 8080), "sdk=v2&service=dynamodb")
}

// upload begins to put 64 MiB into S3, in one request of 10 s that cannot be repeated. It
// is read back.
func (s space) upload(t *testing.T, a app) lasting {
	t.Helper()
	return begin(t, env.Pod(s.Name, s.pod(t, a), 8080), "sdk=v2&service=upload&key="+s.Name)
}

func begin(t *testing.T, pod node.Pod, call string) lasting {
	done := make(chan outcomeAt, 1)
	go func() { done <- outcomeAt{succeeds(t.Context(), pod, call), time.Now()} }()
	return done
}

// succeeds has an application make a call.
func succeeds(ctx context.Context, pod node.Pod, call string) error {
	o, err := answerOf[outcome](ctx, pod, "call?"+call)
	if err == nil && !o.OK {
		err = fmt.Errorf("%+v", o)
	}
	return err
}
