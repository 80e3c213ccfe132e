package mutate

import (
	"context"
	"net/http"
	"time"
)

// Decoding takes some 20 times the length of a review that was made to that end. So long
// ones, of which there are nearly none, are read and answered a few at a time.
const (
	maxLong  = 2               // by one handler
	longWait = 2 * time.Second // the API server waits 5 s for the answer
)

// slots are where the long reviews are that are being answered.
type slots chan struct{}

// take waits for a slot, and reports whether there is one. The wait has its own end:
// net/http does not see a client go of whose body something is unread.
func (s slots) take(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, longWait)
	defer cancel()
	select {
	case s <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s slots) leave() { <-s }

// long reports whether the body of r may be longer than nearly every review.
func long(r *http.Request) bool { return r.ContentLength < 0 || r.ContentLength > maxForeseen }
