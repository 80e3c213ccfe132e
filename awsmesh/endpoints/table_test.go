package endpoints

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Hosts outside of their partition's DNS suffixes, and the services that have them.
var elsewhere = []struct {
	suffix   string
	services string
}{
	{".on.aws", "neptune-graph opensearchmemory"},
	{".signin.aws", "signin"},
	{".amazonaws-us-gov.com", "signin"},
	{".amazonaws.cn", "signin"},
	{".amazonaws-eusc.eu", "signin"},
	{".c2shome.ic.gov", "signin"},
	{".sc2shome.sgov.gov", "signin"},
	{".csphome.hci.ic.gov", "signin"},
	{".csphome.adc-e.uk", "signin"},
	{".aws.amazon.com", "signin"},
}

var (
	hostName = regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$`)
	variants = []Params{{}, {FIPS: true}, {DualStack: true}, {FIPS: true, DualStack: true}}
)

// Every line of the table is read, so that [parse] need not check it.
func TestTable(t *testing.T) {
	seen := 0
	for _, s := range Services() {
		for _, r := range Regions() {
			for _, p := range variants {
				p.Region = r.Name
				e, err := Resolve(s.Name, p)
				if err != nil {
					if notIn := new(NotInRegionError); !errors.As(err, &notIn) {
						t.Errorf("Resolve(%q, %+v): %v", s.Name, p, err)
					}
					continue
				}
				seen++
				checkEndpoint(t, e, r, p)
			}
		}
	}
	if seen < 60_000 {
		t.Errorf("%d endpoints, want most of 439 services × 48 regions × 4 variants", seen)
	}
}

func checkEndpoint(t *testing.T, e Endpoint, r Region, p Params) {
	t.Helper()
	if len(e.Hosts) == 0 || !slices.IsSorted(e.Hosts) || len(slices.Compact(slices.Clone(e.Hosts))) != len(e.Hosts) {
		t.Errorf("%s %+v: Hosts = %q, want some, sorted, each once", e.Service.Name, p, e.Hosts)
	}
	if e.Host != "" && !slices.Contains(e.Hosts, e.Host) {
		t.Errorf("%s %+v: Host %q is not among %q", e.Service.Name, p, e.Host, e.Hosts)
	}
	if e.Host == "" && slices.ContainsFunc(e.Hosts, func(h string) bool { return !strings.HasPrefix(h, "*.") }) {
		t.Errorf("%s %+v: no Host, but an exact one among %q", e.Service.Name, p, e.Hosts)
	}
	for _, h := range e.Hosts {
		if !hostName.MatchString(h) || strings.Contains(h, "zzz") {
			t.Errorf("%s %+v: %q is neither a DNS name nor *. and one", e.Service.Name, p, h)
		}
		if !inPartition(h, r, e.Service.Name) {
			t.Errorf("%s %+v: %q does not end as hosts of %s do", e.Service.Name, p, h, r.Partition)
		}
		if tooWide(h) {
			t.Errorf("%s %+v: %q opens other services, too", e.Service.Name, p, h)
		}
	}
}

func inPartition(host string, r Region, service string) bool {
	if strings.HasSuffix(host, "."+r.Suffix) || strings.HasSuffix(host, "."+r.dual) || strings.HasSuffix(host, ".api.aws") {
		return true
	}
	return slices.ContainsFunc(elsewhere, func(e struct{ suffix, services string }) bool {
		return strings.HasSuffix(host, e.suffix) && slices.Contains(strings.Fields(e.services), service)
	})
}

// tooWide reports whether a pattern has, besides a DNS suffix, regions and
// other words that services share, no label of its own.
func tooWide(host string) bool {
	rest, ok := strings.CutPrefix(host, "*.")
	if !ok {
		return false
	}
	suffixes := []string{"on.aws"}
	for _, r := range Regions() {
		suffixes = append(suffixes, r.Suffix, r.dual)
	}
	slices.SortFunc(suffixes, func(a, b string) int { return len(b) - len(a) })
	for _, s := range suffixes {
		if rest == s {
			return true
		}
		if labels, ok := strings.CutSuffix(rest, "."+s); ok {
			shared := []string{"global", "us-gov", "dualstack", "api", "aws"}
			return !slices.ContainsFunc(strings.Split(labels, "."), func(label string) bool {
				return !slices.Contains(shared, label) && table().byRegion[label].Name == ""
			})
		}
	}
	return true
}

func TestTooWide(t *testing.T) {
	tests := []struct {
		host string
		want bool
	}{
		{"s3.eu-west-1.amazonaws.com", false},
		{"*.s3.eu-west-1.amazonaws.com", false},
		{"*.eu-west-1.cloudsearch.amazonaws.com", false},
		{"*.amazonaws.com", true},
		{"*.eu-west-1.amazonaws.com", true},
		{"*.dualstack.eu-west-1.amazonaws.com", true},
		{"*.amazonaws.com.cn", true},
		{"*.api.aws", true},
		{"*.eu-west-1.api.aws", true},
		{"*.global.api.aws", true},
		{"*.eu-west-1.on.aws", true},
		{"*.example.org", true},
	}
	for _, tt := range tests {
		if got := tooWide(tt.host); got != tt.want {
			t.Errorf("tooWide(%q) = %v, want %v", tt.host, got, tt.want)
		}
	}
}

func TestNames(t *testing.T) {
	services := Services()
	if !slices.IsSortedFunc(services, func(a, b Service) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("Services() is not sorted by name")
	}
	for _, s := range services {
		for _, name := range append([]string{s.Name, strings.ToUpper(s.Name)}, s.Aliases...) {
			if got, err := Lookup(name); err != nil || got.Name != s.Name {
				t.Errorf("Lookup(%q) = %q, %v, want %q", name, got.Name, err, s.Name)
			}
		}
		if max(len(s.Name), len(s.ID)) > maxName-16 {
			t.Errorf("%q (%q) is long: should maxName be more than %d?", s.Name, s.ID, maxName)
		}
		// An id means its service, unless it is another's name.
		if got, err := Lookup(s.ID); err != nil || got.ID != s.ID {
			t.Errorf("Lookup(%q) = %q, %v, want %q", s.ID, got.Name, err, s.Name)
		}
	}
	for alias, names := range table().ambiguous {
		if _, err := Lookup(alias); err == nil || len(names) < 2 {
			t.Errorf("Lookup(%q) is not ambiguous between %q", alias, names)
		}
	}
}

func TestRegions(t *testing.T) {
	partitions := map[string]string{}
	for _, r := range Regions() {
		if strings.Contains(r.Name, "global") {
			t.Errorf("%q is a pseudo region", r.Name)
		}
		partitions[r.Partition] = r.Suffix
	}
	if len(partitions) != 8 || partitions["aws"] != "amazonaws.com" || partitions["aws-cn"] != "amazonaws.com.cn" {
		t.Errorf("partitions and suffixes = %v", partitions)
	}
	if got, want := Source(), "botocore 1.44.5"; got != want {
		t.Errorf("Source() = %q, want %q", got, want)
	}
}
