package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh"
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

	// Ways to AWS.
	ours     = "aws-mesh"
	trusting = "aws-mesh, TrustRoute"
	plain    = "TLS"
	ecdsaTLS = "TLS, ECDSA chain"
	way2018  = "2018"
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
	resolveAt(c.address())
	switch {
	case c.operation == connect:
		return c.connection()
	case c.sdk == v1:
		return callV1(c.way, c.operation)
	case c.sdk == v2:
		return callV2(c.way, c.operation)
	}
	return nil, fmt.Errorf("no such contender")
}

// takeTurns lets each contender have its turn, another one first in each round: whatever
// else the machine does hits all of them alike.
func takeTurns(contenders []*contender, round int, o options, s *server) error {
	for i := range contenders {
		if err := contenders[(round+i)%len(contenders)].turn(o, s); err != nil {
			return err
		}
	}
	return nil
}

func (c *contender) turn(o options, s *server) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "-time", o.time.String(), "turn", c.sdk, c.way, c.operation)
	cmd.Env = append(c.environment(), "GOMAXPROCS=1", "SSL_CERT_FILE="+s.roots)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s, %s: %w", c.name(), c.operation, err)
	}
	var r result
	if err := json.Unmarshal(out, &r); err != nil {
		return fmt.Errorf("%s, %s: %w: %.200s", c.name(), c.operation, err, out)
	}
	c.turns = append(c.turns, r)
	return nil
}

// environment is what a pod's application finds, and nothing of this machine's AWS.
func (c *contender) environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "AWS_") || strings.Contains(strings.ToUpper(v), "_PROXY=")
	})
	env = append(env, "AWS_REGION="+region, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
	if c.way == ours || c.way == trusting {
		for _, v := range (awsmesh.Env{InMesh: true, Region: region, Hosts: []string{dynamoHost, s3Hosts}}).Vars() {
			env = append(env, v.Name+"="+v.Value)
		}
	}
	return env
}
