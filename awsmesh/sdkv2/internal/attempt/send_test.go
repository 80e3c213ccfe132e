package attempt_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2/internal/standin"
)

// Without a sidecar or a route, UseTLS takes the SDK's own client, with the whole
// request: nobody has read from its stream before.
func TestFallback(t *testing.T) {
	const text = "a body of some length"
	bodies := map[string]func() io.Reader{
		"none":       func() io.Reader { return nil },
		"seekable":   func() io.Reader { return strings.NewReader(text) },
		"unseekable": func() io.Reader { return io.MultiReader(strings.NewReader(text)) },
		"pipe": func() io.Reader {
			r, w := io.Pipe()
			go func() { _, _ = io.WriteString(w, text); _ = w.Close() }()
			return r
		},
	}
	for name, body := range bodies {
		for _, url := range []string{"https://" + host + "/", "http://" + host + ":443/"} {
			t.Run(name+" "+url, func(t *testing.T) {
				w := standin.New(t, identity)
				w.Outside = host
				config := w.Config(host)
				config.NotIntercepted = inmesh.UseTLS
				config.Logger = slog.New(slog.DiscardHandler)

				if _, err := send(incoming(), t, w, config, url, body()); err != nil {
					t.Fatal(err)
				}

				want := text
				if name == "none" {
					want = ""
				}
				seen := w.Seen()
				if len(seen) != 1 || seen[0].Sidecar || seen[0].Body != want {
					t.Fatalf("arrived: %v, want one request with body %q", seen, want)
				}
				if got := seen[0].Header.Get("Traceparent"); got != "" {
					t.Errorf("traceparent %q left the mesh", got)
				}
			})
		}
	}
}

// The question whether there is a sidecar costs a connection: it is not asked for
// every request. And the fallback is logged once.
func TestFallbackIsRemembered(t *testing.T) {
	w := standin.New(t, identity)
	w.Outside = host
	var logged bytes.Buffer
	config := w.Config(host)
	config.NotIntercepted = inmesh.UseTLS
	config.Logger = slog.New(slog.NewTextHandler(&logged, nil))
	client := newClient(t, w, config)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() { call(t, client) })
	}
	wg.Wait()
	before := w.Dials.Load()
	for range 20 {
		call(t, client)
	}
	if got := w.Dials.Load() - before; got >= 20 {
		t.Errorf("%d connections for twenty requests", got)
	}
	plain := func(o *sts.Options) { o.BaseEndpoint = new("http://" + host + ":8080") }
	if _, err := client.GetCallerIdentity(t.Context(), nil, plain); !errors.Is(err, inmesh.ErrPlainHTTP) {
		t.Errorf("plain HTTP: %v, want %v", err, inmesh.ErrPlainHTTP)
	}
	if got := strings.Count(logged.String(), "AWS is called with TLS past the mesh"); got != 1 {
		t.Errorf("logged %d times: %s", got, logged.String())
	}
}

func TestBodies(t *testing.T) {
	w := standin.New(t, identity)
	for range 2 {
		for _, body := range []io.Reader{strings.NewReader("seekable"), io.MultiReader(strings.NewReader("unseekable"))} {
			if _, err := send(t.Context(), t, w, w.Config(host), "https://"+host+"/", body); err != nil {
				t.Error(err)
			}
		}
	}
	for i, r := range w.Seen() {
		if want := []string{"seekable", "unseekable"}[i%2]; r.Body != want || !r.Sidecar {
			t.Errorf("body %q at the sidecar %v, want %q", r.Body, r.Sidecar, want)
		}
	}
}

// A host of the mesh on port 443 goes to the sidecar with http:// too: so it is in
// applications that are given AWS_ENDPOINT_URL_….
func TestEndpointURL(t *testing.T) {
	w := standin.New(t, identity)
	if _, err := send(t.Context(), t, w, w.Config(host), "http://"+host+":443/", nil); err != nil || !w.Seen()[0].Sidecar {
		t.Error(err, w.Seen())
	}
}

// Redirects are followed as the SDK follows them: 307 and 308 without a body, and what
// is meant for the first host stays there.
func TestRedirects(t *testing.T) {
	const other = "s3.eu-central-1.amazonaws.com"
	tests := []struct {
		status  int
		to      string
		body    string
		arrived int // at the other host
	}{
		{307, "https://" + other + "/b", "", 1},
		{308, "https://" + other + "/b", "", 1},
		{307, "https://" + other + "/b", "body", 0},
		{307, "", "", 0},
		{301, "https://" + other + "/b", "", 0},
		{302, "https://" + other + "/b", "", 0},
	}
	for _, listed := range []bool{true, false} {
		for _, test := range tests {
			w := standin.New(t, func(rw http.ResponseWriter, r *http.Request) {
				if r.Host == other {
					return
				}
				if test.to != "" {
					rw.Header().Set("Location", test.to)
				}
				rw.WriteHeader(test.status)
			})
			hosts := []string{host, other}
			if !listed {
				hosts, w.Outside = hosts[:1], other
			}
			var body io.Reader
			if test.body != "" {
				body = strings.NewReader(test.body)
			}
			status, err := send(incoming(), t, w, w.Config(hosts...), "https://"+host+"/a", body)
			seen := w.Seen()
			if err != nil || len(seen) != 1+test.arrived || test.arrived == 0 && status != test.status {
				t.Errorf("%v, listed %v: %d, %v, %d requests", test, listed, status, err, len(seen))
				continue
			}
			if test.arrived == 0 {
				continue
			}
			got := seen[1]
			if got.Sidecar != listed || got.URL.Path != "/b" || got.Header.Get("X-Amz-Security-Token") != "" || got.Header.Get("Traceparent") != "" {
				t.Errorf("%v, listed %v: arrived %v with %v", test, listed, got.URL, got.Header)
			}
		}
	}
}

// A redirect to plain HTTP is not followed out of the mesh: keys may be in the headers.
func TestRedirectToPlainHTTP(t *testing.T) {
	for to, want := range map[string]int{
		"http://s3.eu-central-1.amazonaws.com/b": http.StatusTemporaryRedirect,
		"http://" + host + ":443/b":              http.StatusOK,
	} {
		w := standin.New(t, func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/a" {
				http.Redirect(rw, r, to, http.StatusTemporaryRedirect)
			}
		})
		status, err := send(t.Context(), t, w, w.Config(host), "https://"+host+"/a", nil)
		if seen := w.Seen(); err != nil || status != want || len(seen) > 1 && !seen[1].Sidecar {
			t.Errorf("to %s: %d, %v, want %d; arrived: %v", to, status, err, want, seen)
		}
	}
}

func TestRedirectsEnd(t *testing.T) {
	for last, want := range map[string]int{"/again": http.StatusTemporaryRedirect, "/moved": http.StatusMovedPermanently} {
		w := standin.New(t, func(rw http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/moved":
				http.Redirect(rw, r, "/end", http.StatusMovedPermanently)
			case "/end":
			default:
				http.Redirect(rw, r, last, http.StatusTemporaryRedirect)
			}
		})
		status, err := send(t.Context(), t, w, w.Config(host), "https://"+host+"/", nil)
		if err != nil || status != want {
			t.Errorf("%s: %d, %v, want %d", last, status, err, want)
		}
	}
}

// net/http takes a request without a method for a GET, and so does the mesh.
func TestNoMethod(t *testing.T) {
	w := standin.New(t, identity)
	w.Intercepts.Store(false)
	stack := middleware.NewStack("Test", smithyhttp.NewStackRequest)
	if err := option(t, w, w.Config(host))(stack); err != nil {
		t.Fatal(err)
	}
	_ = stack.Serialize.Add(middleware.SerializeMiddlewareFunc("serialize", func(
		ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler,
	) (middleware.SerializeOutput, middleware.Metadata, error) {
		r := in.Request.(*smithyhttp.Request)
		r.Method, r.URL.Scheme, r.URL.Host = "", "https", host
		return next.HandleSerialize(ctx, in)
	}), middleware.After)
	_, _, err := middleware.DecorateHandler(smithyhttp.NewClientHandlerWithOptions(w.Client()), stack).Handle(t.Context(), nil)
	if !errors.Is(err, inmesh.ErrNotIntercepted) {
		t.Errorf("%v, want %v", err, inmesh.ErrNotIntercepted)
	}
}

// send sends a request through a stack that has nothing but the option, and returns
// the response's status.
func send(ctx context.Context, t *testing.T, w *standin.World, config inmesh.Config, url string, body io.Reader) (status int, err error) {
	t.Helper()
	stack := middleware.NewStack("Test", smithyhttp.NewStackRequest)
	if err := option(t, w, config)(stack); err != nil {
		t.Fatal(err)
	}
	serialize := middleware.SerializeMiddlewareFunc("serialize", func(
		ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler,
	) (middleware.SerializeOutput, middleware.Metadata, error) {
		r := in.Request.(*smithyhttp.Request)
		made, err := http.NewRequestWithContext(ctx, http.MethodPut, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Method, r.URL = made.Method, made.URL
		r.Header.Set("X-Amz-Security-Token", "token")
		if in.Request, err = r.SetStream(body); err != nil {
			t.Fatal(err)
		}
		return next.HandleSerialize(ctx, in)
	})
	deserialize := middleware.DeserializeMiddlewareFunc("deserialize", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if raw, ok := out.RawResponse.(*smithyhttp.Response); ok {
			status = raw.StatusCode
			_ = raw.Body.Close()
		}
		return out, metadata, err
	})
	_ = stack.Serialize.Add(serialize, middleware.After)
	_ = stack.Deserialize.Add(deserialize, middleware.Before)
	_, _, err = middleware.DecorateHandler(smithyhttp.NewClientHandlerWithOptions(w.Client()), stack).Handle(ctx, nil)
	return status, err
}
