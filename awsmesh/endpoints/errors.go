package endpoints

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// UnknownServiceError says that no service, or more than one, has the name.
type UnknownServiceError struct {
	Name       string
	Nearest    string   // name of the service that was probably meant, or empty
	Candidates []string // names of the services that share Name, if it is ambiguous
}

func (e *UnknownServiceError) Error() string {
	if len(e.Candidates) > 0 {
		return fmt.Sprintf("ambiguous AWS service %s (one of %s)", Quote(e.Name), quoteAll(e.Candidates))
	}
	return fmt.Sprintf("unknown AWS service %s%s", Quote(e.Name), didYouMean(e.Nearest))
}

// UnknownRegionError says that there is no such region.
type UnknownRegionError struct {
	Region  string
	Nearest string // the region that was probably meant, or empty
}

func (e *UnknownRegionError) Error() string {
	return fmt.Sprintf("unknown AWS region %s%s", Quote(e.Region), didYouMean(e.Nearest))
}

// NotInRegionError says that a service has no endpoint in a region, or none in
// the variant that was asked for.
type NotInRegionError struct {
	Service string
	Params           // the region, and the variant that it lacks
	Plain   bool     // whether it has an endpoint there that is neither FIPS nor dual-stack
	Nearest []string // regions of the same partition that have what was asked for, the nearest first
}

func (e *NotInRegionError) Error() string {
	var kinds, settings []string
	if e.FIPS {
		kinds, settings = append(kinds, "FIPS "), append(settings, "AWS_USE_FIPS_ENDPOINT")
	}
	if e.DualStack {
		kinds, settings = append(kinds, "dual-stack "), append(settings, "AWS_USE_DUALSTACK_ENDPOINT")
	}
	hint := ""
	switch {
	case e.Plain && len(settings) > 0:
		hint = fmt.Sprintf(" (it has one without %s)", strings.Join(settings, " and "))
	case len(e.Nearest) > 0:
		hint = fmt.Sprintf(" (nearest: %s)", quoteAll(e.Nearest))
	}
	return fmt.Sprintf("AWS service %s has no %sendpoint in region %s%s",
		Quote(e.Service), strings.Join(kinds, ""), Quote(e.Region), hint)
}

// notInRegion explains why e has no hosts in region under p.
func (t *tables) notInRegion(e *entry, region Region, p Params) *NotInRegionError {
	has := func(r Region) bool {
		return r.Partition == region.Partition && e.hosts(r, variantOf(p)) != nil
	}
	return &NotInRegionError{
		Service: e.Name,
		Params:  p,
		Plain:   e.hosts(region, plain) != nil,
		Nearest: t.near(region, has),
	}
}

// maxQuoted bounds what a message repeats of a value, in bytes.
const maxQuoted = 64

// Quote quotes a value that a person wrote, cut to a length that a person reads.
func Quote(value string) string {
	if len(value) <= maxQuoted {
		return strconv.Quote(value)
	}
	return strconv.Quote(strings.ToValidUTF8(value[:maxQuoted], "")) + "…"
}

func quoteAll(values []string) string {
	quoted := slices.Clone(values)
	for i := range quoted {
		quoted[i] = Quote(quoted[i])
	}
	return strings.Join(quoted, ", ")
}

func didYouMean(nearest string) string {
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", nearest)
}
