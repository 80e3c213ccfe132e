package inmesh_test

import (
	"errors"
	"net/http"
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

// elsewhere has requests name another host.
var elsewhere = map[string]func(*http.Request){
	"opaque":         func(r *http.Request) { r.URL.Opaque = "//evil/x" },
	"opaque, longer": func(r *http.Request) { r.URL.Opaque = "//" + r.URL.Host + ".evil/x" },
	"opaque URL":     func(r *http.Request) { r.URL.Opaque = "http://evil/x" },
	"path":           func(r *http.Request) { r.URL.Path = "http://evil/x" },
	"header":         func(r *http.Request) { r.Header["host"] = []string{"evil"} },
	"HEADER":         func(r *http.Request) { r.Header["HOST"] = []string{"evil"} },
}
