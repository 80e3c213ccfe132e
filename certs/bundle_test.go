package certs

import (
	"bytes"
	"crypto/x509"
	"slices"
	"testing"
	"time"
)

func TestAdd(t *testing.T) {
	ca := func(age time.Duration) []byte { return mustIssue(t, now.Add(-age), "x")[keyCA] }
	expired, old, current := ca(2*validity), ca(validity/2), ca(0)
	var many [][]byte
	for range 2 * maxBundle {
		many = append(many, ca(time.Hour))
	}
	for _, c := range []struct {
		what         string
		bundle, want []byte
	}{
		{"empty", nil, current},
		{"garbage", []byte("garbage"), current},
		{"has it", current, current},
		{"has it, in another place", join(old, current), join(old, current)},
		{"has it, with a comment", join([]byte("# ours\n"), current), join([]byte("# ours\n"), current)},
		{"has an older one", old, join(current, old)},
		{"has an expired one", join(expired, current), current},
		{"has it twice", join(current, current), current},
		{"too many", join(many...), join(append([][]byte{current}, many[:maxBundle-1]...)...)},
	} {
		got := add(c.bundle, certificates(current)[0], now)
		if !slices.EqualFunc(certificates(got), certificates(c.want), (*x509.Certificate).Equal) {
			t.Errorf("%s: %d certificates, want %d, in this order", c.what, len(certificates(got)), len(certificates(c.want)))
		}
		if again := add(got, certificates(current)[0], now); !bytes.Equal(again, got) {
			t.Errorf("%s: adding once more changes it", c.what)
		}
	}
}

func TestServeWaitsUntilTrustHasSettled(t *testing.T) {
	pairs := [2]*pair{}
	for i := range pairs {
		p, err := parse(mustIssue(t, now, "x"))
		if err != nil {
			t.Fatal(err)
		}
		pairs[i] = p
	}
	first, second := pairs[0].serving, pairs[1].serving
	r := &Rotation{Settle: time.Minute}
	if wait := r.serve(t.Context(), first, true, now); wait != 0 || r.serving.Load() != first {
		t.Errorf("the first certificate waits %v: there is nothing better", wait)
	}
	for _, step := range []struct {
		after   time.Duration
		changed bool
		wait    time.Duration
	}{
		{0, false, time.Minute},
		{30 * time.Second, false, 30 * time.Second},
		{40 * time.Second, true, time.Minute}, // somebody emptied the bundle
		{99 * time.Second, false, time.Second},
	} {
		if wait := r.serve(t.Context(), second, step.changed, now.Add(step.after)); wait != step.wait || r.serving.Load() != first {
			t.Errorf("after %v: waits %v, want %v and the old certificate", step.after, wait, step.wait)
		}
	}
	if wait := r.serve(t.Context(), second, false, now.Add(100*time.Second)); wait != 0 || r.serving.Load() != second {
		t.Errorf("after 100s: still waits %v", wait)
	}
	if r.serve(t.Context(), first, true, now.Add(2*validity)); r.serving.Load() != first {
		t.Error("an expired certificate is still served")
	}
}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }
