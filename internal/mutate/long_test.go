package mutate_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// A stalled body ends when it is told to.
type stalled struct {
	reading atomic.Int32
	end     chan struct{}
}

func (s *stalled) Read([]byte) (int, error) {
	s.reading.Add(1)
	<-s.end
	return 0, io.EOF
}

// TestLongReviews sends more long bodies at once than are read. Those in excess are told
// so before the API server gives up, and ordinary reviews wait for none.
func TestLongReviews(t *testing.T) {
	for name, length := range map[string]int64{"announced": 64<<10 + 1, "chunked": -1} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { flood(t, length) }) })
	}
}

func flood(t *testing.T, length int64) {
	const clients, most, patience = 70, 2, 5 * time.Second
	var outcomes [2]atomic.Int32
	h := (&mutate.Handler{Observe: func(outcome string, _ time.Duration) {
		if outcome == mutate.Busy {
			outcomes[0].Add(1)
		} else {
			outcomes[1].Add(1)
		}
	}}).Mutate()
	body := &stalled{end: make(chan struct{})}
	call := func() {
		r := httptest.NewRequest(http.MethodPost, "/", body)
		r.Header.Set("Content-Type", "application/json")
		r.ContentLength = length
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusServiceUnavailable && w.Code != http.StatusBadRequest {
			t.Errorf("HTTP %d %s", w.Code, w.Body)
		}
	}
	for range clients {
		go call()
	}
	synctest.Wait()
	if n := body.reading.Load(); n != most {
		t.Errorf("%d long bodies are read at once, want %d", n, most)
	}
	if w := post(h, []byte("{")); w.Code != http.StatusBadRequest {
		t.Errorf("beside them an ordinary request gets HTTP %d", w.Code)
	}
	time.Sleep(patience)
	if n := outcomes[0].Load(); n != clients-most {
		t.Errorf("%d are told that there are too many, want %d", n, clients-most)
	}
	for range most {
		go call()
	}
	synctest.Wait()
	close(body.end)
	synctest.Wait()
	if n := outcomes[1].Load(); n != 1+most+most {
		t.Errorf("%d answered when the bodies have ended, want %d", n, 1+most+most)
	}
}
