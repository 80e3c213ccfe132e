package e2e

import (
	"slices"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// An attack is something that must not succeed.
type attack struct {
	what                   string
	does                   string        // what the probe is asked: a path and a query
	fault                  aws.FaultKind // of AWS's server
	allowAny, registryOnly told
}

// Told is what the application is told of an attack, and what came of it outside: at
// AWS and at the attacker's server.
type told struct {
	kind error  // of package inmesh; it comes with a cure
	text string // part of any other error, or the status of an answer and its Server
	saw  string
}

// What may be seen outside.
const (
	nothing   = "nothing"
	question  = "the question for the route" // a name, and nothing else
	valid     = "TLS, valid"
	mismatch  = "TLS, invalid" // the signature
	unsigned  = "TLS, unsigned"
	plaintext = "plaintext"
	signed    = "plaintext, signed"
)

// What may be told.
var (
	upstream    = told{kind: inmesh.ErrUpstream, saw: nothing}
	otherHost   = told{kind: inmesh.ErrOtherHost, saw: nothing}
	notLetOut   = told{kind: inmesh.ErrBlocked, saw: nothing}
	asked       = told{kind: inmesh.ErrNoRoute, saw: question}
	notProven   = told{kind: inmesh.ErrNoRoute, saw: nothing}
	bySidecar   = told{text: "503 envoy", saw: nothing}
	noHost      = told{text: "502 envoy", saw: nothing}
	cut         = told{text: "closed", saw: nothing}
	plainAnswer = told{text: "400 awselb/2.0", saw: plaintext}
	badAnswer   = told{text: "StatusCode: 503", saw: nothing} // not in the form of the service
	answered    = told{saw: valid}
)

func refuses(text string) told { return told{text: text, saw: nothing} }

// The SDKs' calls.
const (
	v1Table, v2Table   = "call?sdk=v1&service=dynamodb", "call?sdk=v2&service=dynamodb"
	v1Bucket, v2Bucket = "call?sdk=v1&service=s3&bucket=orders", "call?sdk=v2&service=s3&bucket=orders"
	bare               = "call?sdk=plain&service=dynamodb" // without our package
)

// certificates are the attacks by a server that has another certificate than AWS.
func certificates(calls []string, allowAny, registryOnly func(text string) told) []attack {
	var all []attack
	for _, c := range []struct {
		what  string
		fault aws.FaultKind
		text  string
	}{
		{"certificate for another name", aws.WrongName, "certificate is valid for wrong-name.example.com"},
		{"certificate of an unknown authority", aws.UntrustedCA, "certificate signed by unknown authority"},
		{"expired certificate", aws.Expired, "certificate has expired"},
	} {
		for _, call := range calls {
			all = append(all, attack{c.what, call, c.fault, allowAny(c.text), registryOnly(c.text)})
		}
	}
	return all
}

// always is told whatever the text.
func always(t told) func(string) told { return func(string) told { return t } }

// each makes an attack of each of the calls, with more in the query.
func each(what, more string, allowAny, registryOnly told, calls ...string) []attack {
	var all []attack
	for _, call := range calls {
		all = append(all, attack{what: what, does: call + more, allowAny: allowAny, registryOnly: registryOnly})
	}
	return all
}

const (
	dynamoDB = "dynamodb.eu-west-1.amazonaws.com"
	s3       = "s3.eu-west-1.amazonaws.com"
	// Where the attacker is: the address of another company.
	attacker = "198.51.100.20:443"
)

var every = []string{v1Table, v2Table, v1Bucket, v2Bucket}

// In plaintext mode, whoever calls: TLS is the sidecar's.
var throughSidecar = slices.Concat(
	certificates(every, always(upstream), always(upstream)),
	each("DNS leads to another server", "&bucket=hijacked", upstream, upstream, "call?sdk=v1&service=s3", "call?sdk=v2&service=s3"),
	each("Host of another bucket", "&host=invoices."+s3, otherHost, otherHost, v1Bucket, v2Bucket),
	each("Host of another service", "&host="+s3, otherHost, otherHost, v1Table, v2Table),
	each("Host of a service that is not asked for", "&host=sqs.eu-west-1.amazonaws.com", otherHost, otherHost, v1Table, v2Table),
	each("Host of the mesh", "&host=kubernetes.default.svc.cluster.local", otherHost, otherHost, v1Table, v2Table),
	each("Host of another company", "&host=www.example.com", otherHost, otherHost, v1Table, v2Table),
	byHand,
	each("no attack", "", answered, answered, every...),
)

// By hand means plaintext to the sidecar, unsigned, by whoever is in the namespace.
var byHand = slices.Concat(
	each("Host of AWS, address of another server, by hand", "&address="+attacker, bySidecar, bySidecar,
		"fetch?url=http://"+dynamoDB+":443/", "fetch?url=http://orders."+s3+":443/"),
	each("Host that AWS's certificate does not cover, by hand", "", bySidecar, bySidecar, "fetch?url=http://not.covered."+s3+":443/"),
)

// An application's own TLS.
func ownTLSAttacks(registryOnly func(string) told, honest told) []attack {
	hijacked := refuses("certificate is valid for example.com, not hijacked." + s3)
	return slices.Concat(
		certificates(every, refuses, registryOnly),
		each("DNS leads to another server", "&bucket=hijacked", hijacked, registryOnly(hijacked.text), "call?sdk=v1&service=s3", "call?sdk=v2&service=s3"),
		each("no attack", "", answered, honest, every...),
	)
}

// attacks are those of an app, by the mode of its namespace and its name.
var attacks = map[string]map[string][]attack{
	"plaintext": {
		"annotated":         throughSidecar,
		"annotated-dns":     throughSidecar,
		"not-annotated":     slices.Concat(ownTLSAttacks(always(notLetOut), notLetOut), byHand),
		"not-annotated-dns": ownTLSAttacks(always(notLetOut), notLetOut),
		"endpoint-urls": slices.Concat(
			certificates([]string{bare}, always(badAnswer), always(badAnswer)),
			each("Host of another service", "&host="+s3, told{text: "StatusCode: 403", saw: mismatch}, told{text: "StatusCode: 403", saw: mismatch}, bare),
			each("Host of a service that is not asked for", "&host=sqs.eu-west-1.amazonaws.com",
				told{text: "StatusCode: 400", saw: signed}, refuses("StatusCode: 502"), bare),
			each("no attack", "", answered, answered, bare),
		),
	},
	"passthrough": {
		"annotated":         ownTLSAttacks(refuses, answered),
		"annotated-dns":     ownTLSAttacks(refuses, answered),
		"not-annotated":     ownTLSAttacks(refuses, answered),
		"not-annotated-dns": ownTLSAttacks(refuses, answered),
	},
	"none": {
		"stranger": slices.Concat(
			each("the objects of another namespace", "", asked, notProven, every...),
			each("DNS leads to a server that claims the route", "&bucket=hijacked", asked, notProven, "call?sdk=v1&service=s3", "call?sdk=v2&service=s3"),
			each("the objects of another namespace, by hand", "", plainAnswer, cut, "fetch?url=http://"+dynamoDB+":443/"),
			each("Host of AWS, address of another server, by hand", "&address="+attacker, plainAnswer, cut, "fetch?url=http://"+dynamoDB+":443/"),
		),
	},
	"buckets": {
		"narrow": slices.Concat(
			each("DNS leads to another server", "&bucket=hijacked", upstream, upstream, "call?sdk=v1&service=s3", "call?sdk=v2&service=s3"),
			each("a bucket that is not listed", "&bucket=invoices", answered, notLetOut, "call?sdk=v1&service=s3", "call?sdk=v2&service=s3"),
			each("Host of a bucket that is not listed", "&host=invoices."+s3, otherHost, otherHost, v1Bucket, v2Bucket),
			each("a bucket that is not listed, by path", "", told{text: "403 ", saw: unsigned}, cut, "fetch?url=https://"+s3+"/invoices"),
			each("a bucket that is not listed, by hand", "", told{text: "400 envoy", saw: plaintext}, noHost, "fetch?url=http://invoices."+s3+":443/"),
			each("no attack", "", answered, answered, v1Bucket, v2Bucket),
		),
	},
}
