package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ca := filepath.Join(t.TempDir(), "ca.pem")
	const control = "127.0.0.1:18434"
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"--tls", "127.0.0.1:0,127.0.0.1:0", "--link-local", "127.0.0.1:0", "--control", control, "--ca", ca}, io.Discard)
	}()
	var response *http.Response
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var err error
		if response, err = http.Get("http://" + control + "/ca.pem"); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	defer response.Body.Close()
	served, _ := io.ReadAll(response.Body)
	if written, err := os.ReadFile(ca); err != nil || !bytes.Equal(written, served) {
		t.Errorf("%v: the file has %q, the control endpoint %q", err, written, served)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestRefusesArguments(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"extra", `unexpected argument "extra"`},
		{"--tls nonsense", "nonsense"},
		{"--bin /nowhere", `run "make assets"`},
	} {
		if err := run(t.Context(), strings.Fields(tt.args), io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.args, err, tt.want)
		}
	}
}
