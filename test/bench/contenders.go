package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"github.com/aws-mesh/aws-mesh/test/bench/measure"
)

const jsonValid = "json.Valid"

// A contender is a handler and a review, and how its turns went.
type contender struct {
	name    string
	kind    kind
	command []string // prints a [measure.Result]
	turns   []measure.Result
}

// kind says what a contender is to the ratios.
type kind int

const (
	ours kind = iota
	peer
	floor // what no handler can be faster than
	aside // measured and shown, but compared with nothing
)

// line returns the contenders for the review in file; again is the same review when the
// API server calls us a second time.
func line(self, azure string, d time.Duration, file, again string) []*contender {
	own := func(handler, file string) []string {
		return []string{self, "-time", d.String(), "-handler", handler, file}
	}
	return []*contender{
		{name: "aws-mesh", kind: ours, command: own("aws-mesh", file)},
		{name: "aws-mesh, second pass with istio-proxy", kind: aside, command: own("aws-mesh", again)},
		{name: "vault-k8s 1.6.2", kind: peer, command: own("vault-k8s", file)},
		{name: "controller-runtime 0.25.2 defaulter", kind: peer, command: own("controller-runtime", file)},
		{name: "azure-workload-identity 1.3.0", kind: peer, command: []string{azure, file, d.String()}},
		{name: "istio 1.31 injector", kind: peer, command: own("istio", file)},
		{name: jsonValid, kind: floor, command: own(jsonValid, file)},
	}
}

// takeTurns lets the contenders go in turns, another one first in each round: whatever
// else the machine does hits all of them alike.
func takeTurns(contenders []*contender, rounds int) error {
	for round := range rounds {
		for i := range contenders {
			if err := contenders[(round+i)%len(contenders)].turn(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *contender) turn() error {
	cmd := exec.Command(c.command[0], c.command[1:]...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	var r measure.Result
	if err := json.Unmarshal(out, &r); err != nil {
		return fmt.Errorf("%s: %w: %.200s", c.name, err, out)
	}
	c.turns = append(c.turns, r)
	return nil
}

// median returns the turn with the median time.
func (c *contender) median() measure.Result {
	turns := slices.Clone(c.turns)
	slices.SortFunc(turns, func(a, b measure.Result) int {
		return cmp.Compare(a.Nanoseconds, b.Nanoseconds)
	})
	return turns[len(turns)/2]
}

// reinvoked writes the review in file as it comes back to us after our first answer and
// after Istio's injector, and returns the file's name.
func reinvoked(file, dir string) (string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	for _, handler := range []string{"aws-mesh", "istio"} {
		h, err := handlers()[handler]()
		if err != nil {
			return "", err
		}
		patch, err := measure.Patch(h, raw)
		if err != nil {
			return "", fmt.Errorf("%s: %w", handler, err)
		}
		if raw, err = patchPod(raw, patch); err != nil {
			return "", fmt.Errorf("%s: %w", handler, err)
		}
	}
	again := filepath.Join(dir, filepath.Base(file))
	return again, os.WriteFile(again, raw, 0o600)
}

// patchPod applies a response's patch to the pod in a review.
func patchPod(raw, patch []byte) ([]byte, error) {
	var review, request map[string]json.RawMessage
	if err := json.Unmarshal(raw, &review); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(review["request"], &request); err != nil {
		return nil, err
	}
	operations, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		return nil, err
	}
	if request["object"], err = operations.Apply(request["object"]); err != nil {
		return nil, err
	}
	if review["request"], err = json.Marshal(request); err != nil {
		return nil, err
	}
	return json.Marshal(review)
}
