package awsmesh

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// The annotations of a pod, and the label that the webhook puts beside them.
const (
	AnnotationPrefix = "aws-mesh/"

	AnnotationServices       = "aws-mesh/services"        // "dynamodb,s3": AWS CLI names; SDK ids and endpoint prefixes too
	AnnotationRegion         = "aws-mesh/region"          // "eu-west-1"; also read from the namespace
	AnnotationMode           = "aws-mesh/mode"            // "plaintext" (default) or "passthrough"
	AnnotationS3Buckets      = "aws-mesh/s3-buckets"      // "orders,invoices": these buckets only
	AnnotationSkipContainers = "aws-mesh/skip-containers" // "log-agent": containers to leave alone
	AnnotationEndpointURLs   = "aws-mesh/endpoint-urls"   // "true": set AWS_ENDPOINT_URL_<SERVICE> as well
	AnnotationStatus         = "aws-mesh/status"          // written by the webhook: a [Status]

	// LabelEgress marks the pods whose AWS traffic passes through a proxy of the mesh. The
	// webhook sets it to "true"; the controller watches the pods that have it.
	LabelEgress = "aws-mesh/egress"
)

// maxAnnotation is the longest value that is read, in bytes. The names of all AWS
// services take 7 kB.
const maxAnnotation = 16 << 10

// maxBuckets bounds the egress objects that one pod can cause.
const maxBuckets = 100

// maxMistakes is how many mistakes of one list, or of all annotations, are reported one by one.
const maxMistakes = 5

// Mode says who originates TLS.
type Mode string

// The modes. The empty Mode is Plaintext.
const (
	Plaintext   Mode = "plaintext"   // the sidecar originates TLS
	Passthrough Mode = "passthrough" // the application does; the mesh only lets it out
)

// A Request is what the annotations of a pod ask for.
type Request struct {
	Services       []string // canonical names, sorted, each once
	Region         string   // empty: not given
	Mode           Mode
	Buckets        []string // S3 buckets, sorted; empty: every bucket of the region
	SkipContainers []string // sorted, each once
	EndpointURLs   bool
}

// An AnnotationError is a mistake in one annotation.
type AnnotationError struct {
	Key string
	Err error
}

func (e *AnnotationError) Error() string {
	key := endpoints.Quote(e.Key)
	if key == `"`+e.Key+`"` { // neither cut nor escaped
		key = e.Key
	}
	return "annotation " + key + ": " + e.Err.Error()
}

func (e *AnnotationError) Unwrap() error { return e.Err }

// Requested reports whether annotations opt in.
func Requested(annotations map[string]string) bool {
	_, ok := annotations[AnnotationServices]
	return ok
}

// ParseRequest reads the annotations of a pod that opted in. Its error joins one
// [*AnnotationError] for each of the first few mistakes, so that a person can mend them in
// one go.
func ParseRequest(annotations map[string]string) (Request, error) {
	r := Request{Mode: Plaintext}
	errs := mistaken(annotations, r.set)
	if len(r.Buckets) > 0 && len(errs) == 0 && !slices.Contains(r.Services, "s3") {
		errs = append(errs, &AnnotationError{Key: AnnotationS3Buckets, Err: fmt.Errorf(`%s does not list "s3"`, AnnotationServices)})
	}
	return r, errors.Join(errs...)
}

func (r *Request) set(key, value string) (err error) {
	if len(value) > maxAnnotation {
		return fmt.Errorf("%d bytes long (limit %d)", len(value), maxAnnotation)
	}
	switch key {
	case AnnotationServices:
		r.Services, err = parseServices(value)
	case AnnotationRegion:
		r.Region, err = ParseRegion(value)
	case AnnotationMode:
		r.Mode, err = parseMode(value)
	case AnnotationS3Buckets:
		r.Buckets, err = parseBuckets(value)
	case AnnotationSkipContainers:
		r.SkipContainers = distinct(split(value))
	case AnnotationEndpointURLs:
		r.EndpointURLs, err = parseBool(value)
	default:
		err = checkKey(key)
	}
	return err
}

// CheckKeys looks for misspelled annotations on a pod that did not opt in, perhaps for
// that reason. It reports an [*AnnotationError] for each of the first few that have our
// prefix and mean nothing.
func CheckKeys(annotations map[string]string) error {
	return errors.Join(mistaken(annotations, func(key, _ string) error { return checkKey(key) })...)
}

// mistaken returns what check reports of the annotations that have our prefix, in the
// order of their keys.
func mistaken(annotations map[string]string, check func(key, value string) error) []error {
	var keys []string
	for key := range annotations {
		if strings.HasPrefix(key, AnnotationPrefix) && key != AnnotationStatus {
			keys = append(keys, key)
		}
	}
	return mistakes(distinct(keys), func(key string) error {
		if err := check(key, annotations[key]); err != nil {
			return &AnnotationError{Key: key, Err: err}
		}
		return nil
	})
}

func checkKey(key string) error {
	known := []string{
		AnnotationServices, AnnotationRegion, AnnotationMode,
		AnnotationS3Buckets, AnnotationSkipContainers, AnnotationEndpointURLs,
	}
	if slices.Contains(known, key) {
		return nil
	}
	return unknown("annotation", key, known)
}

// ParseRegion checks a region code against the table. Surrounding space is dropped.
// It reports an [*endpoints.UnknownRegionError].
func ParseRegion(value string) (string, error) {
	region := strings.TrimSpace(value)
	return region, endpoints.CheckRegion(region)
}

func parseServices(value string) ([]string, error) {
	names := split(value)
	if len(names) == 0 {
		return nil, errors.New(`empty: list at least one AWS service, as in "dynamodb,s3"`)
	}
	return parseEach(names, canonical)
}

func canonical(name string) (string, error) {
	s, err := endpoints.Lookup(name)
	return s.Name, err
}

func parseBuckets(value string) ([]string, error) {
	names := split(value)
	if len(names) == 0 {
		return nil, errors.New("empty: list at least one bucket, or leave the annotation out to allow every bucket of the region")
	}
	if len(names) > maxBuckets {
		return nil, fmt.Errorf("%d buckets (limit %d): leave the annotation out to allow every bucket of the region", len(names), maxBuckets)
	}
	return parseEach(names, checkBucket)
}

// parseEach parses every distinct item. It returns the results sorted, each once, and
// reports the first few mistakes.
func parseEach(items []string, parse func(string) (string, error)) ([]string, error) {
	var out []string
	errs := mistakes(distinct(items), func(item string) error {
		v, err := parse(item)
		if err == nil {
			out = append(out, v)
		}
		return err
	})
	return distinct(out), joinLine(errs)
}

// mistakes returns what check reports of the items, until it is enough for a person.
func mistakes(items []string, check func(string) error) []error {
	var errs []error
	for i, item := range items {
		err := check(item)
		if err != nil && len(errs) == maxMistakes {
			return append(errs, fmt.Errorf("stopped here; %d more not checked", len(items)-i))
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// distinct sorts items and drops what is there twice, both in place.
func distinct(items []string) []string {
	slices.Sort(items)
	return slices.Compact(items)
}

func parseMode(value string) (Mode, error) {
	m := Mode(strings.TrimSpace(value))
	if m != Plaintext && m != Passthrough {
		return "", unknown("mode", string(m), []string{string(Plaintext), string(Passthrough)})
	}
	return m, nil
}

func parseBool(value string) (bool, error) {
	switch strings.TrimSpace(value) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf(`%s is neither "true" nor "false"`, endpoints.Quote(value))
}

// split cuts a comma-separated list, dropping space and empty items.
func split(value string) []string {
	var items []string
	for item := range strings.SplitSeq(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

func unknown(what, value string, known []string) error {
	return fmt.Errorf("unknown %s %s (known: %s)", what, endpoints.Quote(value), strings.Join(known, ", "))
}

// joinLine joins errors in one line: they stand behind the name of one annotation.
func joinLine(errs []error) error {
	if len(errs) < 2 {
		return errors.Join(errs...)
	}
	return &listError{errs}
}

type listError struct{ errs []error }

func (e *listError) Unwrap() []error { return e.errs }

func (e *listError) Error() string {
	var b strings.Builder
	for i, err := range e.errs {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(err.Error())
	}
	return b.String()
}
