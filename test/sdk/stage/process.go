package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/sdk/pod"
)

// A Process is an application that runs. What it keeps, such as connections, stays from
// one input to the next.
type Process struct {
	mu   sync.Mutex
	in   io.WriteCloser
	out  *json.Decoder
	wait func() error
	said bytes.Buffer // to be read when it has ended
	over error
}

// startProcess starts the application of that name in m, with the environment env alone. The
// caller calls Close.
func startProcess(ctx context.Context, m *pod.Machine, name string, env Env) (*Process, error) {
	cmd := pod.TestBinary(ctx, env.list(), word, name)
	p := &Process{wait: cmd.Wait}
	cmd.Stderr = &p.said
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in, p.out = in, json.NewDecoder(out)
	return p, m.Start(cmd)
}

// Begin starts an application which ends with the test.
func Begin(t testing.TB, m *pod.Machine, name string, env Env) *Process {
	t.Helper()
	p, err := startProcess(context.WithoutCancel(t.Context()), m, name, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// Close ends the application. What it wrote to its standard error is part of the error,
// if there is one.
func (p *Process) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.close()
}

func (p *Process) close() error {
	if p.wait == nil {
		return p.over
	}
	_ = p.in.Close()
	if err := p.wait(); err != nil {
		p.over = fmt.Errorf("application: %w\n%s", err, p.said.String())
	}
	p.wait = nil
	return p.over
}

// Said returns what the application, which has ended, wrote to its standard error.
func (p *Process) Said() string { return p.said.String() }

// Ask gives the application an input and returns its output.
func (p *Process) Ask(in, out any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wait == nil {
		return fmt.Errorf("the application has ended: %w", p.over)
	}
	err := json.NewEncoder(p.in).Encode(in)
	if err == nil {
		err = p.out.Decode(out)
	}
	if err != nil {
		if ended := p.close(); ended != nil {
			return ended
		}
		return fmt.Errorf("application: %w", err)
	}
	return nil
}

// Ask gives p an input and returns its output.
func Ask[Out any](t testing.TB, p *Process, in any) Out {
	t.Helper()
	var out Out
	if err := p.Ask(in, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Run starts the application of that name in m, with the environment env alone, gives it
// one input and returns its output.
func Run[Out any](t testing.TB, m *pod.Machine, name string, env Env, in any) Out {
	t.Helper()
	p, err := startProcess(t.Context(), m, name, env)
	if err != nil {
		t.Fatal(err)
	}
	var out Out
	if err := p.Ask(in, &out); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}
