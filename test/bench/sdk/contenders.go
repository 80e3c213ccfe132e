package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/test/sdk/pod"
)

const (
	region     = "eu-west-1"
	dynamoHost = "dynamodb." + region + ".amazonaws.com"
	s3Hosts    = "*.s3." + region + ".amazonaws.com"

	// SDKs, as they are called in the lines of the report.
	v1, v2, none = "v1", "v2", "none"

	// Operations.
	get     = "GetItem"
	put     = "PutObject, 8 MiB"
	bare    = "PutObject, 8 MiB, not hashed" // v1 without what it hashes itself by default
	connect = "connect"
	fresh   = "GetItem, new connection"
	busy    = "GetItem, 8 at a time" // each turn of it is eight

	// Ways to AWS.
	ours     = "aws-mesh"
	trusting = "aws-mesh, TrustRoute"
	plain    = "TLS"
	ecdsaTLS = "TLS, ECDSA chain"
	way2018  = "2018"
	through  = "TLS through Envoy" // which passes it on as it is
)

// A contender does one operation in one way, and how its turns went.
type contender struct {
	sdk, way, operation string
	turns               []result
}

func (c *contender) name() string {
	if c.sdk == none {
		return c.way
	}
	return c.sdk + " " + c.way
}

func newContenders() []*contender {
	var all []*contender
	for _, call := range []struct{ sdk, operation string }{{v1, get}, {v2, get}, {v1, put}, {v2, put}, {v1, bare}} {
		for _, way := range []string{ours, plain, way2018} {
			all = append(all, &contender{sdk: call.sdk, way: way, operation: call.operation})
		}
	}
	for _, way := range []string{ours, trusting, plain, ecdsaTLS} {
		all = append(all, &contender{sdk: none, way: way, operation: connect})
	}
	return all
}

// address is where the contender finds AWS.
func (c *contender) address() string {
	switch c.way {
	case plain:
		return awsRSA
	case ecdsaTLS:
		return awsECDSA
	default:
		return inMesh
	}
}

// start returns the operation, in the process that is to do it.
func (c *contender) start() (func() error, error) {
	switch {
	case c.operation == connect:
		return c.connection()
	case c.operation == busy:
		return c.busy()
	case c.sdk == v1:
		return callV1(c.way, c.operation)
	case c.sdk == v2:
		return callV2(c.way, c.operation)
	}
	return nil, fmt.Errorf("no such contender")
}

// busy is what an application does that has more than one thing to do: neither it nor
// the sidecar goes to sleep after each call.
func (c *contender) busy() (func() error, error) {
	one := *c
	one.operation = get
	call, err := one.start()
	return func() error {
		var all errgroup.Group
		for range 8 {
			all.Go(call)
		}
		return all.Wait()
	}, err
}

// A place is where contenders have their turns.
type place struct {
	run   func(c *contender, args []string) ([]byte, error) // this program with these arguments
	envoy func() (time.Duration, error)                     // what the sidecar has used
}

// takeTurns lets each contender have its turn, another one first in each round: whatever
// else the machine does hits all of them alike.
func takeTurns(contenders []*contender, round int, o options, p place) error {
	for i := range contenders {
		if err := contenders[(round+i)%len(contenders)].turn(o, p); err != nil {
			return err
		}
	}
	return nil
}

func (c *contender) turn(o options, p place) error {
	before, err := p.envoy()
	if err != nil {
		return err
	}
	out, err := p.run(c, []string{fmt.Sprintf("-envoy=%t", o.envoy), "-time", o.time.String(), "turn", c.sdk, c.way, c.operation})
	if err != nil {
		return fmt.Errorf("%s, %s: %w", c.name(), c.operation, err)
	}
	after, err := p.envoy()
	if err != nil {
		return err
	}
	var r result
	if err := json.Unmarshal(out, &r); err != nil {
		return fmt.Errorf("%s, %s: %w: %.200s", c.name(), c.operation, err, out)
	}
	r.Envoy = float64((after - before).Nanoseconds()) / r.Operations
	c.turns = append(c.turns, r)
	return nil
}

// place is on this machine, with a server that uses its CPU time as the sidecar and AWS.
func (s *server) place() place {
	return place{
		run: func(c *contender, args []string) ([]byte, error) {
			self, err := os.Executable()
			if err != nil {
				return nil, err
			}
			cmd := exec.Command(self, args...)
			cmd.Env = append(c.environment(), "SSL_CERT_FILE="+s.roots)
			cmd.Stderr = os.Stderr
			return cmd.Output()
		},
		envoy: func() (time.Duration, error) { return 0, nil },
	}
}

// environment is what a pod's application finds, and nothing of this machine's AWS.
func (c *contender) environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "AWS_") || strings.Contains(strings.ToUpper(v), "_PROXY=")
	})
	env = append(env, "GOMAXPROCS=1", "AWS_REGION="+region, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
	if c.way == ours || c.way == trusting {
		for _, v := range (awsmesh.Env{InMesh: true, Region: region, Hosts: []string{dynamoHost, s3Hosts}, PodUID: pod.UID}).Vars() {
			env = append(env, v.Name+"="+v.Value)
		}
	}
	return env
}
