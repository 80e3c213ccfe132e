package sdkv1_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/s3"

	"github.com/aws-mesh/aws-mesh/awsmesh/sdkv1"
)

func TestLog(t *testing.T) {
	var out bytes.Buffer
	w := newWorld(t, func(http.ResponseWriter, *http.Request) {})
	w.config.Logger = slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	local := httptest.NewServer(http.HandlerFunc(agent))
	defer local.Close()
	w.dials["169.254.170.2:80"] = local.Listener.Addr().String()
	t.Setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/guid")

	c := w.awsConfig().WithCredentials(nil)
	client := s3.New(newSession(t, c))
	_, err := client.PutObjectWithContext(incoming(), &s3.PutObjectInput{
		Bucket: new("bucket"), Key: new("a b"), Tagging: new("tag=hidden"),
		Body: strings.NewReader("the body"), SSECustomerKey: new("customer-key-of-32-bytes-length!"), SSECustomerAlgorithm: new("AES256"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.HeadObject(&s3.HeadObjectInput{Bucket: new("bucket"), Key: new("k"), VersionId: new("hidden")}); err != nil {
		t.Fatal(err)
	}

	var got []map[string]any
	for line := range strings.Lines(out.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		got = append(got, entry)
	}
	want := []map[string]any{
		{"level": "INFO", "label": "test"},
		{"level": "DEBUG", "operation": "PutObject", "method": "PUT", "url": "https://bucket.s3.eu-west-1.amazonaws.com/a%20b", "attempt": 1.0, "label": "test"},
	}
	for _, entry := range want {
		if !contains(got, entry) {
			t.Errorf("no entry with %v", entry)
		}
	}
	for _, secret := range []string{"Signature", "Authorization", "guid", "hidden", "the body", "customer-key", "\"t\"", parent} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the log contains %q", secret)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// Outside of the mesh, too, messages go to the Config's logger: ours and the SDK's.
func TestLogOutside(t *testing.T) {
	w := newWorld(t, nil)
	w.serveTLS(t, noTables, dynamoHost)
	var out bytes.Buffer
	c := sdkv1.AwsConfig(sdkv1.Config{Logger: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err := listTables(t, t.Context(), prepared(c).WithLogLevel(aws.LogDebug)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"operation=ListTables", "aws-sdk-go", "url=https://" + dynamoHost + "/ "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func contains(entries []map[string]any, want map[string]any) bool {
next:
	for _, entry := range entries {
		for name, value := range want {
			if entry[name] != value {
				continue next
			}
		}
		return true
	}
	return false
}
