package sdkv1_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials/stscreds"
	"github.com/aws/aws-sdk-go/aws/ec2metadata"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/dynamodb"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv1"
)

// agent answers like IMDSv2, ECS's agent and EKS's.
func agent(w http.ResponseWriter, r *http.Request) {
	const answer = `{"Code":"Success","AccessKeyId":"%s","SecretAccessKey":"s","Token":"t","Expiration":"2100-01-01T00:00:00Z"}`
	switch {
	case r.URL.Path == "/latest/api/token" && r.Method == http.MethodPut:
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "600")
		_, _ = w.Write([]byte("imds-token"))
	case strings.HasPrefix(r.URL.Path, "/latest/") && r.Header.Get("X-Aws-Ec2-Metadata-Token") != "imds-token":
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/latest/meta-data/iam/security-credentials/":
		_, _ = w.Write([]byte("role"))
	case r.URL.Path == "/latest/meta-data/iam/security-credentials/role":
		_, _ = fmt.Fprintf(w, answer, "IMDS")
	case r.URL.Path == "/v2/credentials/guid":
		_, _ = fmt.Fprintf(w, answer, "ECS")
	case r.URL.Path == "/v1/credentials" && r.Header.Get("Authorization") == "pod-token":
		_, _ = fmt.Fprintf(w, answer, "EKS")
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// stsOrDynamo answers what STS is asked, and lists no tables.
func stsOrDynamo(w http.ResponseWriter, r *http.Request) {
	if r.Host != stsHost {
		noTables(w, r)
		return
	}
	_ = r.ParseForm()
	action := r.PostForm.Get("Action")
	_, _ = fmt.Fprintf(w, `<%[1]sResponse><%[1]sResult><Credentials><AccessKeyId>%[1]s</AccessKeyId>`+
		`<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>`+
		`</Credentials></%[1]sResult></%[1]sResponse>`, action)
}

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	tests := []struct {
		env  map[string]string
		want string // the access key
	}{
		{map[string]string{"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"}, "ENV"},
		{map[string]string{"AWS_SHARED_CREDENTIALS_FILE": file("shared", "[default]\naws_access_key_id=SHARED\naws_secret_access_key=s\n")}, "SHARED"},
		{map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": file("jwt", "token"), "AWS_ROLE_ARN": "arn:aws:iam::1:role/r"}, "AssumeRoleWithWebIdentity"},
		{map[string]string{
			"AWS_SDK_LOAD_CONFIG": "1",
			"AWS_CONFIG_FILE": file("config", "[default]\nrole_arn=arn:aws:iam::1:role/r\nsource_profile=base\n"+
				"[profile base]\naws_access_key_id=BASE\naws_secret_access_key=s\n"),
		}, "AssumeRole"},
		{map[string]string{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/guid"}, "ECS"},
		{map[string]string{
			"AWS_CONTAINER_CREDENTIALS_FULL_URI":     "http://169.254.170.23/v1/credentials",
			"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file("pod", "pod-token"),
		}, "EKS"},
		{map[string]string{}, "IMDS"},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			w := newWorld(t, stsOrDynamo)
			local := httptest.NewServer(http.HandlerFunc(agent))
			defer local.Close()
			for _, addr := range []string{"169.254.169.254:80", "169.254.170.2:80", "169.254.170.23:80"} {
				w.dials[addr] = local.Listener.Addr().String()
			}
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			c := w.awsConfig().WithCredentials(nil).WithCredentialsChainVerboseErrors(true)
			if err := listTables(t, incoming(), c); err != nil {
				t.Fatal(err)
			}
			got := w.requests()
			last := got[len(got)-1]
			if want := "Credential=" + test.want + "/"; !strings.Contains(last.Header.Get("Authorization"), want) {
				t.Errorf("Authorization %q, want %s", last.Header.Get("Authorization"), want)
			}
			for _, r := range got { // also to STS, if the provider hands on the context
				if r.Host == stsHost && r.Header.Get("Traceparent") != parent {
					t.Errorf("%s: Traceparent %q", r.Host, r.Header.Get("Traceparent"))
				}
			}
		})
	}
}

// A token goes to STS with TLS of its own if the sidecar does not originate it.
func TestUnlistedSTS(t *testing.T) {
	w := newWorld(t, stsOrDynamo, dynamoHost)
	w.serveTLS(t, stsOrDynamo, stsHost)
	base, err := session.NewSession(w.awsConfig())
	if err != nil {
		t.Fatal(err)
	}
	role := stscreds.NewCredentials(base, "arn:aws:iam::1:role/r")
	if err := listTables(t, context.Background(), w.awsConfig().WithCredentials(role)); err != nil {
		t.Fatal(err)
	}
	if got := w.requests(); len(got) != 1 || got[0].Host != dynamoHost {
		t.Errorf("requests to the sidecar: %v", got)
	}
}

// A profile is chosen, and shared config loaded, with AwsOptions.
func TestAwsOptions(t *testing.T) {
	w := newWorld(t, nil)
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte("[profile p]\nregion=eu-west-1\naws_access_key_id=P\naws_secret_access_key=s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	options, err := sdkv1.AwsOptions("test", sdkv1.AwsConfig(w.config))
	if err != nil {
		t.Fatal(err)
	}
	options.Profile, options.SharedConfigState, options.SharedConfigFiles = "p", session.SharedConfigEnable, []string{path}
	sess, err := session.NewSessionWithOptions(options)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dynamodb.New(sess).ListTablesWithContext(incoming(), nil); err != nil {
		t.Fatal(err)
	}
	checkTraced(t, w.requests())
}

// An IMDS that accepts and never answers costs the SDK's own second, whatever the
// session.
func TestSilentIMDS(t *testing.T) {
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer silent.Close()
	defer close(release)
	for _, url := range []string{"http://169.254.169.254/latest/meta-data", "http://[fd00:ec2::254]/latest/meta-data"} {
		w := newWorld(t, nil)
		w.dials["169.254.169.254:80"] = silent.Listener.Addr().String()
		w.dials["[fd00:ec2::254]:80"] = silent.Listener.Addr().String()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		response, err := w.awsConfig().HTTPClient.Do(r)
		if err == nil {
			_ = response.Body.Close()
		}
		if err == nil || ctx.Err() != nil {
			t.Errorf("%s: %v, after %v", url, err, ctx.Err())
		}
		cancel()
	}
}

// IMDS is asked as often as the plain SDK asks it.
func TestIMDSAttempts(t *testing.T) {
	count := func(c *aws.Config, newSession func(*aws.Config) (*session.Session, error)) int64 {
		var n atomic.Int64
		broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			n.Add(1)
			w.WriteHeader(http.StatusInternalServerError)
		}))
		defer broken.Close()
		t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", broken.URL)
		sess, err := newSession(c)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = ec2metadata.New(sess).GetMetadata("instance-id")
		return n.Load()
	}
	w := newWorld(t, nil)
	plain := count(prepared(aws.NewConfig()), func(c *aws.Config) (*session.Session, error) { return session.NewSession(c) })
	ours := count(w.awsConfig(), func(c *aws.Config) (*session.Session, error) { return sdkv1.AwsSession("test", c) })
	if plain != ours {
		t.Errorf("%d requests, the plain SDK makes %d", ours, plain)
	}
}
