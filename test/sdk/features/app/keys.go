package app

import (
	"fmt"
	"strings"
)

// Keys returns keys of S3 objects that are hard to send: what has a meaning in URLs, and
// what proxies like to tidy up.
func Keys() []string {
	return []string{
		"a b", "a  b/ c", "a//b", "/a", "//a", "a%2Fb", "a%20b", "a+b", "a?b", "a#b", "a&b=c", "a=b", "ä/ß/世界/🦊",
		"a*b'(c)!~", "a;b,c:d@e$f", `a\b`, `a"b<c>`, "a.b", "a/..b", "a/.b", "a...b", "a|b^c`d{e}",
		"~a", "%7Ea", "%41", "%2e/a", "a/%2e%2e/b",
		"a/./b", "a/../b", "./a",
	}
}

// A Tally says which keys do not work.
type Tally struct {
	tried int
	bad   []string
}

// Add notes what came of a key.
func (t *Tally) Add(key, result string) {
	if t.tried++; result != "works" {
		t.bad = append(t.bad, fmt.Sprintf("%q: %s", key, result))
	}
}

func (t *Tally) String() string {
	return strings.Join(append([]string{fmt.Sprintf("%d of %d keys", t.tried-len(t.bad), t.tried)}, t.bad...), ", ")
}
