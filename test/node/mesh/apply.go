//go:build linux

package mesh

import (
	"context"
	"os"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/aws-mesh/aws-mesh/test/node"
)

// apply applies all objects, with the images that they name.
func (m *Mesh) apply(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error { return m.applyOurs(ctx, "coredns.yaml") })
	all.Go(func() error { return m.applyOurs(ctx, "aws.yaml") })
	all.Go(func() error {
		if err := m.applyIstio(ctx); err != nil {
			return err
		}
		return m.applyShipped(ctx) // its controller watches Istio's kinds
	})
	return all.Wait()
}

func (m *Mesh) applyIstio(ctx context.Context) error {
	objects, err := m.istio()
	if err != nil {
		return err
	}
	kinds, rest := []string{"apiVersion: v1\nkind: Namespace\nmetadata: {name: istio-system}"}, []string(nil)
	for object := range strings.SplitSeq(objects, "\n---\n") {
		if strings.Contains(object, "\nkind: CustomResourceDefinition\n") {
			kinds = append(kinds, object)
		} else {
			rest = append(rest, object)
		}
	}
	if err := m.Apply(ctx, strings.Join(kinds, "\n---\n")); err != nil {
		return err
	}
	// It takes the API server a moment to know them.
	return m.Until(ctx, "Istio's custom resources", func(ctx context.Context) error { return m.Apply(ctx, strings.Join(rest, "\n---\n")) })
}

// applyShipped applies what a user would, as it is.
func (m *Mesh) applyShipped(ctx context.Context) error {
	install, err := os.ReadFile(m.install())
	if err != nil {
		return err
	}
	webhook, err := m.webhook()
	if err != nil {
		return err
	}
	if err := m.Import(ctx, webhook); err != nil {
		return err
	}
	return m.Apply(ctx, string(install))
}

func (m *Mesh) applyOurs(ctx context.Context, name string) error {
	text, err := m.manifest(name)
	if err != nil {
		return err
	}
	return m.Apply(ctx, text)
}

// manifest returns one of ours, with the values of what it names as ${NAME}.
func (m *Mesh) manifest(name string) (string, error) {
	text, err := manifests.ReadFile("manifests/" + name)
	values := map[string]string{
		"ISSUER": node.Issuer, "AWS_ADDRESS": awsAddress, "COMPANY_ADDRESS": companyAddress, "GREETING_ADDRESS": greetingAddress,
		"DNS_ADDRESS": node.DNS, "NODE_ADDRESS": node.Address,
		"ACCESS_KEY_ID": accessKeyID, "SECRET_ACCESS_KEY": secretAccessKey,
	}
	return os.Expand(string(text), func(name string) string { return values[name] }), err
}
