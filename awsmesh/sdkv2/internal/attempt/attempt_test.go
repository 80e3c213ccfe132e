package attempt_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2/internal/attempt"
	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2/internal/standin"
)

const host = "sts.eu-west-1.amazonaws.com"

func TestCarried(t *testing.T) {
	w := standin.New(t, identity)
	client := newClient(t, w, w.Config(host), func(o *sts.Options) { o.HTTPClient = broken{} })

	call(t, client)

	seen := w.Seen()
	if len(seen) != 1 || !seen[0].Sidecar || seen[0].Host != host || !strings.Contains(signed(seen[0]), "host") {
		t.Errorf("arrived: %v, want one signed request at the sidecar", seen)
	}
}

// What the mesh does not carry goes with the application's own client.
func TestNotCarried(t *testing.T) {
	for name, change := range map[string]func(*inmesh.Config){
		"not listed":  func(c *inmesh.Config) { c.Hosts = []string{"sqs.eu-west-1.amazonaws.com"} },
		"not in mesh": func(c *inmesh.Config) { c.InMesh = false },
	} {
		t.Run(name, func(t *testing.T) {
			w := standin.New(t, identity)
			w.Outside = host
			config := w.Config(host)
			change(&config)
			own := &counting{client: w.Client()}
			client := newClient(t, w, config, func(o *sts.Options) { o.HTTPClient = own })

			_, err := client.GetCallerIdentity(incoming(), nil)

			seen := w.Seen()
			if err != nil || own.n != 1 || len(seen) != 1 || seen[0].Sidecar {
				t.Fatalf("%v, %d calls of the own client, arrived: %v", err, own.n, seen)
			}
			if got := seen[0].Header.Get("Traceparent"); got != "" {
				t.Errorf("traceparent %q left the mesh", got)
			}
		})
	}
}

// Middleware that is added after the mesh, to a client or a call, is called too.
func TestBelowEveryMiddleware(t *testing.T) {
	w := standin.New(t, identity)
	var got []string
	note := func(id string) func(*middleware.Stack) error {
		return func(s *middleware.Stack) error {
			return s.Deserialize.Add(middleware.DeserializeMiddlewareFunc(id, func(
				ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
			) (middleware.DeserializeOutput, middleware.Metadata, error) {
				out, metadata, err := next.HandleDeserialize(ctx, in)
				if r, ok := out.RawResponse.(*smithyhttp.Response); ok && r.StatusCode == http.StatusOK {
					got = append(got, id)
				}
				return out, metadata, err
			}), middleware.After)
		}
	}
	client := newClient(t, w, w.Config(host), func(o *sts.Options) { o.APIOptions = append(o.APIOptions, note("client")) })
	if _, err := client.GetCallerIdentity(t.Context(), nil, sts.WithAPIOptions(note("call"))); err != nil {
		t.Fatal(err)
	}
	if want := "call client"; strings.Join(got, " ") != want || !w.Seen()[0].Sidecar {
		t.Errorf("called: %q, want %q", got, want)
	}
}

// Middleware may call an operation's stack again.
func TestStackIsUsedAgain(t *testing.T) {
	w := standin.New(t, identity)
	again := middleware.InitializeMiddlewareFunc("again", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		if _, _, err := next.HandleInitialize(ctx, in); err != nil {
			t.Error(err)
		}
		return next.HandleInitialize(ctx, in)
	})
	var used *middleware.Stack
	_, err := newClient(t, w, w.Config(host)).GetCallerIdentity(t.Context(), nil, sts.WithAPIOptions(func(s *middleware.Stack) error {
		used = s
		return s.Initialize.Add(again, middleware.Before)
	}))
	if err != nil || len(w.Seen()) != 2 {
		t.Errorf("%v, arrived: %v", err, w.Seen())
	}
	if ids := used.Deserialize.List(); strings.Count(strings.Join(ids, " "), "aws-mesh") != 1 {
		t.Errorf("Deserialize: %q, want the mesh once", ids)
	}
}

func TestLastOptionCounts(t *testing.T) {
	w := standin.New(t, identity)
	w.Outside = host
	for _, test := range []struct {
		first, last inmesh.Config
		sidecar     bool
	}{
		{w.Config(host), inmesh.Config{}, false},
		{inmesh.Config{}, w.Config(host), true},
	} {
		w.Outside = map[bool]string{false: host}[test.sidecar]
		client := newClient(t, w, test.first, func(o *sts.Options) { o.APIOptions = append(o.APIOptions, option(t, w, test.last)) })
		call(t, client)
		seen := w.Seen()
		if got := seen[len(seen)-1].Sidecar; got != test.sidecar {
			t.Errorf("sent to the sidecar: %v, want %v", got, test.sidecar)
		}
	}
}

// All clients of an option have one pool, and may be used at the same time.
func TestOnePool(t *testing.T) {
	w := standin.New(t, identity)
	var clients []*sts.Client
	for range 5 {
		clients = append(clients, newClient(t, w, inmesh.Config{}))
	}
	shared := option(t, w, w.Config(host))
	for _, client := range clients {
		if _, err := client.GetCallerIdentity(t.Context(), nil, sts.WithAPIOptions(shared)); err != nil {
			t.Error(err)
		}
	}
	if got := w.Dials.Load(); got != 1 {
		t.Errorf("%d connections for five clients, want 1", got)
	}
	var wg sync.WaitGroup
	for _, client := range clients {
		wg.Go(func() {
			if _, err := client.GetCallerIdentity(t.Context(), nil, sts.WithAPIOptions(shared)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestLog(t *testing.T) {
	w := standin.New(t, identity)
	var logged bytes.Buffer
	for _, level := range []slog.Level{slog.LevelInfo, slog.LevelDebug} {
		config := w.Config(host)
		config.Label = "billing"
		config.Logger = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: level}))
		client := newClient(t, w, config)
		if logged.Len() > 0 {
			t.Errorf("logged without Debug: %s", logged.String())
		}
		call(t, client)
	}
	got := logged.String()
	if want := "label=billing method=POST url=" + host + "/ service=STS operation=GetCallerIdentity sidecar=true\n"; !strings.HasSuffix(got, want) {
		t.Errorf("logged %q, want %q", got, want)
	}
}

// identity answers as STS does.
func identity(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Amzn-Requestid", "1")
	_, _ = io.WriteString(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">`+
		`<GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
}

func option(t testing.TB, w *standin.World, config inmesh.Config) func(*middleware.Stack) error {
	t.Helper()
	transport := attempt.Transport()
	w.Place(transport)
	o, err := attempt.Option(config, transport)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return o
}

func newClient(t testing.TB, w *standin.World, config inmesh.Config, change ...func(*sts.Options)) *sts.Client {
	t.Helper()
	return sts.New(sts.Options{
		Region:     "eu-west-1",
		HTTPClient: w.Client(),
		APIOptions: []func(*middleware.Stack) error{option(t, w, config)},
		Retryer:    retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = 1 }),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}, change...)
}

func call(t *testing.T, client *sts.Client) {
	t.Helper()
	if _, err := client.GetCallerIdentity(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// signed returns the names of the headers that are signed.
func signed(r standin.Request) string {
	_, names, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
	names, _, _ = strings.Cut(names, ",")
	return names
}

// broken is a client that is not to be called.
type broken struct{}

func (broken) Do(*http.Request) (*http.Response, error) { return nil, io.ErrClosedPipe }

// counting is a client of somebody else's type.
type counting struct {
	client aws.HTTPClient
	n      int
}

func (c *counting) Do(r *http.Request) (*http.Response, error) {
	c.n++
	return c.client.Do(r)
}
