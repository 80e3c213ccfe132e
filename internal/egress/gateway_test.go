package egress

import (
	"regexp"
	"testing"
)

func TestGatewayText(t *testing.T) {
	for text, want := range map[string]Gateway{
		"":                        {},
		"aws-mesh-egress/gateway": {Namespace: "aws-mesh-egress", Service: "gateway"},
	} {
		var got Gateway
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("UnmarshalText(%q) = %v, %v, want %v", text, got, err, want)
		}
		if back, err := want.MarshalText(); err != nil || string(back) != text {
			t.Errorf("MarshalText(%v) = %q, %v, want %q", want, back, err, text)
		}
	}
	for _, text := range []string{"istio-system", "/gateway", "istio-system/", "a/b/c", "A/b", "a/b.c"} {
		if err := new(Gateway).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("UnmarshalText(%q) reports no error", text)
		}
	}
}

// What a caller sends as the header itself, and a gateway that is told to keep it, must
// not count.
func TestCallersNamespace(t *testing.T) {
	header := Host{Name: "sts.eu-west-1.amazonaws.com"}.fromNamespace("shop")["headers"].(map[string]any)["x-forwarded-client-cert"].(map[string]any)
	whole := regexp.MustCompile("^(?:" + header["regex"].(string) + ")$")
	const shop, other = `By=spiffe://td/ns/gw/sa/gw;Hash=00;Subject="";URI=spiffe://td/ns/shop/sa/web`, `By=spiffe://td/ns/shop/sa/gw;Hash=00;Subject="";URI=spiffe://td/ns/other/sa/web`
	for value, want := range map[string]bool{
		shop:               true,
		other:              false,
		other + "," + shop: true,
		shop + "," + other: false,
		`x;URI=spiffe://td/ns/shop/sa/a;URI=spiffe://td/ns/other/sa/a`: false,
		`;URI=spiffe://td/ns/shop/sa/`:                                 false,
		`Hash=00;Subject="";URI=spiffe://td/ns/shop-2/sa/web`:          false,
		`Hash=00;Subject="";URI=spiffe://td/x/ns/shop/sa/web`:          false,
		"": false,
	} {
		if got := whole.MatchString(value); got != want {
			t.Errorf("a call with the certificate %q is taken for shop's: %t, want %t", value, got, want)
		}
	}
}
