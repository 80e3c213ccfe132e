package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// ours are the kinds of object that the controller keeps.
const ours = "serviceentries,destinationrules,virtualservices"

// retention is the controller's default: how long a host stays open that no pod needs.
const retention = 10 * time.Minute

// TestRetention lets the only pod go that asks for AWS, and another one, which does not
// count since it has lost its label, call on.
func TestRetention(t *testing.T) {
	t.Parallel()
	job, other := app{Name: "job", Annotations: asks("plaintext")}, app{Name: "other", Annotations: asks("plaintext")}
	s := space{Name: "retention", Policy: "REGISTRY_ONLY", Apps: []app{job, other}}
	s.create(t)
	s.kubectl(t, "label pods -l app=other "+awsmesh.LabelEgress+"-")
	calls := func(when string, want expectation) {
		for _, sdk := range []string{"v1", "v2"} {
			for _, service := range []string{"dynamodb", "s3"} {
				cell(t, []string{when, sdk + " " + service}, func(t *testing.T) { s.expect(t, other, sdk, service, want) })
			}
		}
	}
	calls("while a pod asks", viaSidecar)

	s.kubectl(t, "delete deployment job --cascade=foreground")
	s.until(t, "objects that nobody needs", func(unused []string) error {
		if len(unused) == 0 || slices.Contains(unused, "") {
			return fmt.Errorf("since when they are unused: %q", unused)
		}
		return nil
	})
	calls("within the retention", viaSidecar)

	// The time is on the objects: this is what they look like when it has passed.
	long := time.Now().Add(-retention - time.Minute).UTC().Format(time.RFC3339)
	s.until(t, "no objects", func(unused []string) error {
		if len(unused) == 0 {
			return nil
		}
		_, err := env.Kubectl(t.Context(), "-n", s.Name, "annotate", "--all", "--overwrite", ours, "aws-mesh/unused-since="+long)
		return errors.Join(fmt.Errorf("%d objects are left", len(unused)), err) // some go meanwhile
	})
	s.tells(t, other, "amazonaws.com", false)
	calls("after the retention", noRoute)

	s.create(t)
	s.tells(t, other, "amazonaws.com", true)
	calls("when a pod asks again", viaSidecar)
}

// until waits until our objects are as they should be; each is given as the time since
// when it is unused, "" while it is needed.
func (s space) until(t *testing.T, what string, are func(unused []string) error) {
	t.Helper()
	if err := env.Until(t.Context(), what, func(ctx context.Context) error {
		list, err := env.Kubectl(ctx, "-n", s.Name, "get", ours, "-o", `jsonpath={range .items[*]}since {.metadata.annotations.aws-mesh/unused-since}{"\n"}{end}`)
		if err != nil {
			return err
		}
		var unused []string
		for line := range strings.Lines(list) {
			unused = append(unused, strings.TrimSpace(strings.TrimPrefix(line, "since")))
		}
		return are(unused)
	}); err != nil {
		t.Fatal(err)
	}
}

// tells waits until the app's sidecar has something in its configuration, or has not.
func (s space) tells(t *testing.T, a app, what string, present bool) {
	t.Helper()
	if err := env.Until(t.Context(), "the sidecar of "+a.Name, func(context.Context) error {
		if strings.Contains(s.envoy(t, a, "config_dump"), what) != present {
			return fmt.Errorf("%q in its configuration is not %t", what, present)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
