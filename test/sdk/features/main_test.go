package features

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

func TestMain(m *testing.M) {
	stage.Main(m, stage.Apps{"feature": stage.App(play), "fetch": stage.App(fetch)})
}

// all are the features of all tests.
func all() []feature {
	list := features()
	for _, e := range environments() {
		list = append(list, e.feature)
	}
	return list
}

// play is the application: it does what a feature is, and returns what it saw.
func play(ctx context.Context, in app.Input) (string, error) {
	for _, f := range all() {
		if f.name != in.Feature {
			continue
		}
		saw, err := f.variant(in.SDK).call(ctx, in)
		if err != nil {
			return "error: " + err.Error(), nil
		}
		return saw, nil
	}
	return "", fmt.Errorf("no feature %q", in.Feature)
}

// fetch is somebody with two presigned URLs and no credentials.
func fetch(ctx context.Context, urls string) (string, error) {
	from, to, _ := strings.Cut(urls, " ")
	got, err := do(ctx, http.MethodGet, from, nil)
	if err != nil {
		return "", err
	}
	defer got.Body.Close()
	saw, err := app.Same(got.Body, 1000)
	if err != nil {
		return "", err
	}
	put, err := do(ctx, http.MethodPut, to, strings.NewReader("a photo"))
	if err != nil {
		return "", err
	}
	defer put.Body.Close()
	return fmt.Sprintf("GET: %s, PUT: %s", saw, put.Status), nil
}

func do(ctx context.Context, method, url string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(r)
}
