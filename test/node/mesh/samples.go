//go:build linux

package mesh

import "context"

// Samples installs applications in the namespace shop, and waits for them.
func (m *Mesh) Samples(ctx context.Context) error {
	if err := m.applyOurs(ctx, "samples.yaml"); err != nil {
		return err
	}
	for _, deployment := range []string{"orders", "reports", "stock"} {
		if err := m.Rollout(ctx, "shop", deployment); err != nil {
			return err
		}
	}
	return nil
}
