package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
)

// Apps are the applications of a test package, by name.
type Apps map[string]Application

// An Application takes one input, JSON, and returns its output.
type Application func(ctx context.Context, in json.RawMessage) (any, error)

// App makes an application of a function. Its input and output go through JSON, so an
// error is to be described in Out: the one that f returns ends the test.
func App[In, Out any](f func(context.Context, In) (Out, error)) Application {
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		var in In
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, err
		}
		return f(ctx, in)
	}
}

// word is the first argument of a test binary that is an application; its name follows.
const word = "application"

// Main is the body of a TestMain: it runs the tests or, in a machine, an application.
func Main(m *testing.M, apps Apps) {
	if len(os.Args) != 3 || os.Args[1] != word {
		os.Exit(m.Run())
	}
	app, known := apps[os.Args[2]]
	if !known {
		fmt.Fprintf(os.Stderr, "no application %q: TestMain names all\n", os.Args[2])
		os.Exit(1)
	}
	if err := answer(app, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// answer writes one output for every input.
func answer(app Application, r io.Reader, w io.Writer) error {
	in, out := json.NewDecoder(r), json.NewEncoder(w)
	for {
		var raw json.RawMessage
		if err := in.Decode(&raw); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		result, err := app(context.Background(), raw)
		if err != nil {
			return err
		}
		if err := out.Encode(result); err != nil {
			return err
		}
	}
}
