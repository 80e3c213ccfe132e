package mutate_test

import (
	"testing"

	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// All mistakes stand in the one line that begins with the name of the flag.
func TestCheckRanges(t *testing.T) {
	for list, want := range map[string]string{
		"":                         "",
		"10.1.0.0/16, fd00::/8":    "",
		"10.1.0.0/16,10.2,fd00::2": `"10.2" is not a range of addresses, as in 10.1.0.0/16; "fd00::2" is not a range of addresses, as in 10.1.0.0/16`,
	} {
		got := ""
		if err := mutate.CheckRanges(list); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("CheckRanges(%q) = %s, want %s", list, got, want)
		}
	}
}
