package inmesh_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
)

// A proven connection carries requests to the host that it is proven for, and to no other.
func TestOtherHost(t *testing.T) {
	w := started(t)
	w.intercepts, w.hasRoute = true, true
	client := installed(t, w, func(c *inmesh.Config, _ *http.Transport) { c.Hosts = []string{listed, "*.s3.eu-west-1.amazonaws.com"} })
	send := func(url, host string) error {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header.Set("Authorization", secret)
		response, err := client.Do(r)
		if err == nil {
			_ = response.Body.Close()
		}
		return err
	}
	for _, host := range []string{"", listed, strings.ToUpper(listed), listed + ":443"} {
		if err := send("https://"+listed+"/", host); err != nil {
			t.Errorf("Host %q: %v", host, err)
		}
	}
	if err := send("https://"+listed+":443/", listed); err != nil { // as aws-sdk-go has it
		t.Error(err)
	}
	before := strings.Count(w.at(w.sidecar), secret)
	for _, host := range []string{"sns.eu-west-1.amazonaws.com", listed + ".", listed + ":444", "b.s3.eu-west-1.amazonaws.com", "stock.shop"} {
		err := send("https://"+listed+"/", host)
		if e := (*inmesh.Error)(nil); !errors.Is(err, inmesh.ErrOtherHost) || !errors.As(err, &e) || e.Temporary() || !strings.Contains(err.Error(), host) {
			t.Errorf("Host %q: %v, want %v", host, err, inmesh.ErrOtherHost)
		}
	}
	if got := strings.Count(w.at(w.sidecar), secret); before == 0 || got != before {
		t.Errorf("the sidecar got %d requests, then %d", before, got)
	}
	if err := send("https://example.com/", "other.example.com"); err != nil {
		t.Errorf("a host that is not the mesh's: %v", err)
	}
}

// What a request names elsewhere than in its Host counts as much.
func TestOtherHostElsewhere(t *testing.T) {
	w := started(t)
	w.intercepts, w.hasRoute = true, true
	client := installed(t, w, nil)
	send := func(change func(*http.Request)) error {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "https://"+listed+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		response, err := client.Do(r)
		if err == nil {
			_ = response.Body.Close()
		}
		return err
	}
	if err := send(func(r *http.Request) { r.URL.Opaque = "//" + listed + "/a%2Fb" }); err != nil { // as the signers of both SDKs have it
		t.Error(err)
	}
	if err := send(func(r *http.Request) { r.Header["Host"] = []string{"evil"} }); err != nil { // net/http ignores it
		t.Error(err)
	}
	for name, change := range elsewhere {
		if err := send(change); !errors.Is(err, inmesh.ErrOtherHost) {
			t.Errorf("%s: %v, want %v", name, err, inmesh.ErrOtherHost)
		}
	}
	if got := w.at(w.sidecar); strings.Contains(got, "evil") || !strings.Contains(got, "PUT https://"+listed+"/a%2Fb HTTP/1.1") {
		t.Errorf("the sidecar got %q", got)
	}
}

// However a URL spells its host, and whatever net/http makes of that: plaintext names the
// host that was dialled, and proven.
func TestSpellings(t *testing.T) {
	const evil, bucket = "evil.example", "b.s3.eu-west-1.amazonaws.com"
	tests := []struct {
		scheme, host, own string // of the URL, and the request's own Host
		sent              string // in plaintext, as Host
		want              error
	}{
		{"https", listed, "", listed, nil},
		{"https", listed + ":443", "", listed + ":443", nil},
		{"http", listed + ":443", "", listed + ":443", nil},
		{"https", strings.ToUpper(listed), "", strings.ToUpper(listed), nil},
		{"https", listed + ".", "", listed + ".", nil}, // the sidecar was asked for just that
		{"https", "ｓqs.eu-west-1.amazonaws.com", listed, listed, nil},

		{"https", strings.ToUpper(listed), evil, "", inmesh.ErrOtherHost},
		{"https", listed + ".", evil, "", inmesh.ErrOtherHost},
		{"https", listed + ":", "", "", inmesh.ErrOtherHost},
		{"https", listed, listed + ":", "", inmesh.ErrOtherHost},
		{"https", "[" + listed + "]", "", "", inmesh.ErrOtherHost},     // sent with brackets
		{"https", "[b%c." + bucket + "]", "", "", inmesh.ErrOtherHost}, // sent as [b]
		{"https", `b"c.` + bucket, "", "", inmesh.ErrOtherHost},        // sent as nothing
		{"https", "user@" + bucket, "", "", inmesh.ErrOtherHost},       // the same
		{"https", "ｓqs.eu-west-1.amazonaws.com", evil, "", inmesh.ErrOtherHost},
		{"https", "ｓqs.eu-west-1.amazonaws.com", "", "", inmesh.ErrOtherHost}, // sent as xn--…
		{"https", "ｓqs.eu-west-1.amazonaws.com:443", "", "", inmesh.ErrOtherHost},
		{"http", "ｓqs.eu-west-1.amazonaws.com:443", "", "", inmesh.ErrOtherHost},
		{"https", "sqs。eu-west-1。amazonaws。com", evil, "", inmesh.ErrOtherHost},
		{"https", "ſqs.eu-west-1.amazonaws.com", "", "", inmesh.ErrOtherHost},
		{"https", listed, "ſqs.eu-west-1.amazonaws.com", "", inmesh.ErrOtherHost}, // equal, in Unicode
		{"https", "\u212a." + bucket, "", "", inmesh.ErrOtherHost},                // the Kelvin sign is a k
		{"http", "ｓqs.eu-west-1.amazonaws.com", "", "", inmesh.ErrPlainHTTP},
		{"http", listed + ":0443", "", "", inmesh.ErrPlainHTTP},

		// None of the mesh's: TLS.
		{"https", listed + ":0443", evil, "", nil},
		{"https", listed + ":+443", evil, "", nil},
		{"https", "sqs%2eeu-west-1.amazonaws.com", evil, "", nil},
		{"https", "user@" + listed, evil, "", nil},
		{"https", "bücher.example", "", "", nil},
		{"https", "bücher.example", evil, "", nil},
	}
	w := started(t)
	w.intercepts, w.hasRoute = true, true
	client := installed(t, w, func(c *inmesh.Config, _ *http.Transport) { c.Hosts = []string{listed, "*.s3.eu-west-1.amazonaws.com"} })
	for _, test := range tests {
		seen := len(w.at(w.sidecar))
		response, err := client.Transport.RoundTrip(&http.Request{
			URL: &url.URL{Scheme: test.scheme, Host: test.host, Path: "/"}, Host: test.own, Header: http.Header{"Authorization": {secret}},
		})
		if err == nil {
			_ = response.Body.Close()
		}
		got := w.at(w.sidecar)[seen:]
		if !errors.Is(err, test.want) || strings.Contains(got, secret) != (test.sent != "") || test.sent != "" && !strings.Contains(got, "\r\nHost: "+test.sent+"\r\nUser-Agent: ") {
			t.Errorf("%s://%s, Host %q: %v, want %v; the sidecar got %q, want Host %q", test.scheme, test.host, test.own, err, test.want, got, test.sent)
		}
	}
}

// elsewhere has requests name another host.
var elsewhere = map[string]func(*http.Request){
	"opaque":         func(r *http.Request) { r.URL.Opaque = "//evil/x" },
	"opaque, longer": func(r *http.Request) { r.URL.Opaque = "//" + r.URL.Host + ".evil/x" },
	"opaque, user":   func(r *http.Request) { r.URL.Opaque = "//evil@" + r.URL.Host + "/x" },
	"opaque URL":     func(r *http.Request) { r.URL.Opaque = "http://evil/x" },
	"path":           func(r *http.Request) { r.URL.Path = "http://evil/x" },
	"header":         func(r *http.Request) { r.Header["host"] = []string{"evil"} },
	"HEADER":         func(r *http.Request) { r.Header["HOST"] = []string{"evil"} },
}
