package endpoints

import (
	"errors"
	"strings"
	"testing"
)

func FuzzResolve(f *testing.F) {
	f.Add("dynamodb", "eu-west-1", false, false)
	f.Add("Cloud Watch_Logs", "us-gov-west-1", true, true)
	f.Add("*.amazonaws.com", "..", true, false)
	f.Add(strings.Repeat("s", 65), strings.Repeat("-", 65), false, true)
	f.Fuzz(func(t *testing.T, service, region string, fips, dual bool) {
		p := Params{Region: region, FIPS: fips, DualStack: dual}
		e, err := Resolve(service, p)
		if err == nil {
			if got, again := Lookup(service); again != nil || got.Name != e.Service.Name {
				t.Errorf("Resolve(%q) is about %q, Lookup says %q, %v", service, e.Service.Name, got.Name, again)
			}
			checkEndpoint(t, e, table().byRegion[region], p)
			return
		}
		var s *UnknownServiceError
		var r *UnknownRegionError
		var n *NotInRegionError
		if !errors.As(err, &s) && !errors.As(err, &r) && !errors.As(err, &n) {
			t.Errorf("Resolve(%q, %+v): %T", service, p, err)
		}
		if len(err.Error()) > 6*maxQuoted+128 { // %q writes a byte as up to four, a rune as up to ten
			t.Errorf("Resolve: an error of %d bytes", len(err.Error()))
		}
	})
}

func BenchmarkResolve(b *testing.B) {
	for _, name := range []string{"sqs", "s3"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _ = Resolve(name, Params{Region: "eu-west-1"})
			}
		})
	}
}

func BenchmarkResolveFirst(b *testing.B) {
	for b.Loop() {
		table().resolved.endpoints = nil
		_, _ = Resolve("s3", Params{Region: "eu-west-1"})
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		parse()
	}
}

func BenchmarkUnknownService(b *testing.B) {
	name := strings.Repeat("cognito", 9)
	for b.Loop() {
		_, _ = Lookup(name)
	}
}
