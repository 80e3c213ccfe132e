package sdkv2_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2"
	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2/internal/attempt"
	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv2/internal/standin"
)

var _ config.LoadOptionsFunc = sdkv2.WithMesh(sdkv2.Config{})

func TestWrongConfig(t *testing.T) {
	_, err := config.LoadDefaultConfig(t.Context(), sdkv2.WithMesh(sdkv2.Config{InMesh: true, Hosts: []string{"*"}}))
	if err == nil || !strings.Contains(err.Error(), `"*" may only stand for the first labels`) {
		t.Errorf("LoadDefaultConfig = %v, want what is wrong with Hosts", err)
	}
}

func TestEndpoint(t *testing.T) {
	const url = "http://localhost:8000"
	withEndpoint := sdkv2.WithMesh(sdkv2.Config{Endpoint: url})
	for _, options := range [][]func(*config.LoadOptions) error{{settings, withEndpoint}, {withEndpoint, settings}} {
		got, err := config.LoadDefaultConfig(t.Context(), options...)
		if err != nil || aws.ToString(got.BaseEndpoint) != url {
			t.Errorf("BaseEndpoint = %q, %v, want %q", aws.ToString(got.BaseEndpoint), err, url)
		}
	}
}

// Options of the SDK and the mesh's do not get in each other's way, in either order.
// "localhost" stands for a host of the mesh that nothing intercepts.
func TestOrderOfOptions(t *testing.T) {
	cfg := sdkv2.Config{InMesh: true, Hosts: []string{"localhost"}, Endpoint: "https://localhost", ProxyPort: 1}
	isolate(t)
	called := 0
	other := config.WithAPIOptions([]func(*middleware.Stack) error{func(*middleware.Stack) error { called++; return nil }})
	client := config.WithHTTPClient(failing{})
	for _, options := range [][]func(*config.LoadOptions) error{
		{settings, other, client, sdkv2.WithMesh(cfg)},
		{sdkv2.WithMesh(cfg), client, other, settings},
	} {
		called = 0
		awsConfig, err := config.LoadDefaultConfig(t.Context(), options...)
		if err != nil {
			t.Fatal(err)
		}
		awsConfig.RetryMaxAttempts = 1
		_, err = sts.NewFromConfig(awsConfig.Copy()).GetCallerIdentity(t.Context(), nil)
		var mesh *inmesh.Error
		if !errors.As(err, &mesh) || called != 1 {
			t.Errorf("%v, other option called %d times; want the mesh's error, and 1", err, called)
		}
	}
}

// The calls that fetch credentials go through the mesh too.
func TestCredentialsOfSTS(t *testing.T) {
	tests := map[string]func(t *testing.T){
		"AssumeRoleWithWebIdentity": func(t *testing.T) {
			t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r")
			t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", write(t, "a-token"))
		},
		"AssumeRole": func(t *testing.T) {
			t.Setenv("AWS_CONFIG_FILE", write(t, "[default]\nrole_arn=arn:aws:iam::123456789012:role/r\nsource_profile=base\n"+
				"[profile base]\naws_access_key_id=AKIDEXAMPLE\naws_secret_access_key=secret\n"))
		},
	}
	for operation, setUp := range tests {
		t.Run(operation, func(t *testing.T) {
			w := standin.New(t, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "<R><"+operation+"Result><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"+
					"<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></"+operation+"Result></R>")
			})
			isolate(t)
			setUp(t)
			got := retrieve(t, w, config.WithHTTPClient(failing{}))
			seen := w.Seen()
			if got.AccessKeyID != "A" || len(seen) != 1 || !seen[0].Sidecar || !strings.Contains(seen[0].Body, "Action="+operation+"&") {
				t.Errorf("%q, arrived: %v", got.AccessKeyID, seen)
			}
		})
	}
}

// Link-local endpoints are none of the mesh's business.
func TestCredentialsOfTheNode(t *testing.T) {
	const answer = `{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"A","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}`
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/latest/api/token":
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
			_, _ = io.WriteString(w, "token")
		case "/latest/meta-data/iam/security-credentials/":
			_, _ = io.WriteString(w, "role")
		case "/broken":
			w.WriteHeader(http.StatusBadGateway) // what a sidecar might answer too
		default:
			_, _ = io.WriteString(w, answer)
		}
	}))
	defer node.Close()
	w := standin.New(t, nil)

	t.Run("container", func(t *testing.T) {
		isolate(t)
		t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", node.URL+"/v1/credentials")
		t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "token")
		if got := retrieve(t, w); got.AccessKeyID != "A" {
			t.Errorf("got %q", got.AccessKeyID)
		}
	})
	t.Run("instance", func(t *testing.T) {
		isolate(t)
		t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
		t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", node.URL)
		if got := retrieve(t, w); got.AccessKeyID != "A" {
			t.Errorf("got %q", got.AccessKeyID)
		}
	})
	t.Run("broken", func(t *testing.T) {
		isolate(t)
		t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", node.URL+"/broken")
		awsConfig := load(t, w, config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }))
		_, err := awsConfig.Credentials.Retrieve(t.Context())
		var mesh *inmesh.Error
		if err == nil || errors.As(err, &mesh) {
			t.Errorf("%v, want the SDK's own error", err)
		}
	})
	if w.Dials.Load() > 0 {
		t.Errorf("%d connections to the mesh", w.Dials.Load())
	}
}

// isolate hides the settings of the machine.
func isolate(t *testing.T) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("AWS_REGION", "eu-west-1")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", write(t, ""))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", write(t, ""))
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load loads a configuration with what WithMesh adds, in w.
func load(t *testing.T, w *standin.World, options ...func(*config.LoadOptions) error) aws.Config {
	t.Helper()
	transport := attempt.Transport()
	w.Place(transport)
	option, err := attempt.Option(w.Config("sts.eu-west-1.amazonaws.com"), transport)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	got, err := config.LoadDefaultConfig(t.Context(), append(options, config.WithAPIOptions([]func(*middleware.Stack) error{option}))...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func retrieve(t *testing.T, w *standin.World, options ...func(*config.LoadOptions) error) aws.Credentials {
	t.Helper()
	got, err := load(t, w, options...).Credentials.Retrieve(context.Background())
	if err != nil {
		t.Error(err)
	}
	return got
}

// failing is a client that is not to be called.
type failing struct{}

func (failing) Do(*http.Request) (*http.Response, error) { return nil, io.ErrClosedPipe }
