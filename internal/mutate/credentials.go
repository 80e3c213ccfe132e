package mutate

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// excludeRanges is the annotation by which Istio's injector lets addresses bypass the
// sidecar, from the pod's first packet on.
const excludeRanges = "traffic.sidecar.istio.io/excludeOutboundIPRanges"

// CheckRanges reports, in one line, what in a comma-separated list is no range of
// addresses. The empty list is one.
func CheckRanges(list string) error {
	var wrong []string
	for cidr := range strings.SplitSeq(list, ",") {
		if _, err := netip.ParsePrefix(strings.TrimSpace(cidr)); err != nil && list != "" {
			wrong = append(wrong, fmt.Sprintf("%q is not a range of addresses, as in 10.1.0.0/16", cidr))
		}
	}
	if wrong == nil {
		return nil
	}
	return errors.New(strings.Join(wrong, "; "))
}

// credentialRanges returns where the SDKs get credentials: instance metadata, ECS's and
// EKS Pod Identity's agent, and on IPv6 the first and the last. Istio makes rules of those
// whose family the pod has.
// Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
func credentialRanges() []string {
	return []string{
		"169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32",
		"fd00:ec2::254/128", "fd00:ec2::23/128",
	}
}

// exclude adds the credential endpoints to a comma-separated list of ranges. What is
// there stays as it is.
func exclude(list string) string {
	return strings.TrimPrefix(strings.Join(append([]string{list}, unexcluded(list)...), ","), ",")
}

// unexcluded returns the credential endpoints that lie in no range of list.
func unexcluded(list string) []string {
	return slices.DeleteFunc(credentialRanges(), func(r string) bool { return covered(list, netip.MustParsePrefix(r)) })
}

func covered(list string, r netip.Prefix) bool {
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		p, err := netip.ParsePrefix(item)
		if item == "*" || err == nil && p.Contains(r.Addr()) {
			return true
		}
	}
	return false
}

// usesIRSA reports whether a container of p exchanges a web identity token for
// credentials, which is a call to STS.
func usesIRSA(p *pod) bool {
	for _, v := range p.Spec.Volumes {
		if v.Projected == nil {
			continue
		}
		for _, s := range v.Projected.Sources {
			if strings.HasPrefix(s.ServiceAccountToken.Audience, "sts.amazonaws.com") {
				return true
			}
		}
	}
	has := func(c container) bool {
		_, found := c.Env.find("AWS_WEB_IDENTITY_TOKEN_FILE")
		return found
	}
	return slices.ContainsFunc(p.Spec.InitContainers, has) || slices.ContainsFunc(p.Spec.Containers, has)
}
