package pod

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// TestLookup demands that names resolve in the pods as the test says.
func TestLookup(t *testing.T) {
	s := set(t, Config{Lookup: func(name string) []netip.Addr {
		if strings.HasSuffix(name, ".amazonaws.com") {
			return []netip.Addr{AWS6}
		}
		return nil
	}}, outOfIt)
	if r := ask(t, s.Bare, "-tls", "https://"+exact+"/"); r.Status != 200 || !strings.HasPrefix(r.Local, "[2001:db8:2::2]") {
		t.Errorf("%+v, want 200 by IPv6", r)
	}
	if r := ask(t, s.Bare, "-network", "tcp4", "-tls", "https://"+exact+"/"); r.Error == "" {
		t.Errorf("%+v, want no IPv4 address", r)
	}
	if r := ask(t, s.Bare, "-tls", "https://nowhere.example/"); !strings.Contains(r.Error, "no such host") {
		t.Errorf("%+v, want no such host", r)
	}
}

func TestTraces(t *testing.T) {
	const text = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a, namespace: shop}\nspec: {hosts: [a.test, '*.b.test']}\n---\n" +
		"kind: VirtualService\nmetadata: {name: v, namespace: shop}\n---\nkind: DestinationRule\nmetadata: {name: d, namespace: shop}\n"
	want := []string{`||a.test"`, `||*.b.test"`, `/namespaces/shop/virtual-service/v"`, `/namespaces/shop/destination-rule/d"`}
	if got, err := traces(text); err != nil || !slices.Equal(got, want) {
		t.Errorf("traces = %q, %v, want %q", got, err, want)
	}
	if _, err := traces("kind: Gateway"); err == nil {
		t.Error("traces of a Gateway: no error")
	}
}
