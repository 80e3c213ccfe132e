//go:build linux

package mesh

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/aws-mesh/aws-mesh/test/node"
)

// AWS is the stand-in's control, see package aws of test/sdk.
type AWS struct {
	pod    node.Pod
	client string
}

// AWS returns the control of AWS's stand-in.
func (m *Mesh) AWS() AWS {
	return AWS{pod: m.Pod("aws-stand-in", "aws", 8080)}
}

// Of returns the same for one client alone, by its address: what others call and reset
// meanwhile is no matter.
func (a AWS) Of(client string) AWS {
	return AWS{a.pod, client}
}

func (a AWS) get(ctx context.Context, path string) ([]byte, error) {
	return a.pod.Do(ctx, "GET", path, nil)
}

// Records decodes what AWS has seen since the last Reset into a pointer to a slice.
func (a AWS) Records(ctx context.Context, to any) error {
	text, err := a.get(ctx, a.records())
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, to); err != nil {
		return fmt.Errorf("AWS's records: %w", err)
	}
	return nil
}

func (a AWS) records() string { return "records?client=" + url.QueryEscape(a.client) }

// Reset forgets the records and faults.
func (a AWS) Reset(ctx context.Context) error {
	_, err := a.pod.Do(ctx, "DELETE", a.records(), nil)
	return err
}

// Fault makes something go wrong from now on.
func (a AWS) Fault(ctx context.Context, fault any) error {
	body, err := json.Marshal(fault)
	if err != nil {
		return err
	}
	_, err = a.pod.Do(ctx, "POST", "faults", body)
	return err
}

// The credentials that AWS's stand-in knows, as in package aws of test/sdk.
const (
	accessKeyID     = "AKIAAWSMESHTEST00001"
	secretAccessKey = "aws-mesh/test/secret/of/the/long-term/key"
)
