package aws

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4"
)

// Where a request came in.
const (
	ViaTLS       = "tls"        // as it should
	ViaPlaintext = "plaintext"  // plain HTTP on the TLS port
	ViaLinkLocal = "link-local" // a credential endpoint
	ViaCompany   = "company"    // not at AWS, see [Server.ServeCompany]
)

// What the check of a request's signature gave.
const (
	Valid    = "valid"
	Unsigned = "unsigned"
	Invalid  = "invalid"
	Pending  = "pending" // the body that it covers has not arrived, or not been read
)

// A Record is what the server saw of one request. It is complete before the answer
// begins, except for a request that is answered before its body was read.
type Record struct {
	Time     time.Time
	Client   string // the address that it came from, without the port
	Via      string // [ViaTLS], …
	SNI      string // the name that the client asked for in its TLS handshake
	Protocol string // HTTP/1.1
	Method   string
	Host     string
	URI      string // path and query, as received
	Header   http.Header
	Trace    http.Header // those of Header that carry traces

	Verdict         string // [Valid], …
	Problem         string // why it is invalid
	AccessKeyID     string
	Service, Region string // the credential scope
	SignedHeaders   []string
	Presigned       bool

	BodyBytes  int64  // as received, framing included
	BodySHA256 string // in hex, once the body has been read to its end
	Status     int    // of the answer; 0: none (yet)
	Fault      string // what the test asked for
}

// An entry is a record that is being written.
type entry struct {
	log    *records
	record *Record
}

type records struct {
	mu   sync.Mutex
	list []*Record
}

func (l *records) begin(r *http.Request, via string) *entry {
	record := &Record{
		Time: time.Now(), Client: address(r.RemoteAddr), Via: via, Protocol: r.Proto, Method: r.Method, Host: r.Host, URI: r.RequestURI,
		Header: r.Header.Clone(), Trace: traceHeaders(r.Header), Verdict: Unsigned,
	}
	if r.TLS != nil {
		record.SNI = r.TLS.ServerName
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, record)
	return &entry{log: l, record: record}
}

// of gives copies of a client's, or of all if it is empty.
func (l *records) of(client string) []Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := []Record{}
	for _, r := range l.list {
		if client == "" || client == r.Client {
			list = append(list, *r)
		}
	}
	return list
}

func (l *records) forget(client string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = slices.DeleteFunc(l.list, func(r *Record) bool { return client == "" || client == r.Client })
}

// address is that of an endpoint "address:port".
func address(endpoint string) string {
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return endpoint
	}
	return host
}

func (e *entry) set(change func(*Record)) {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	change(e.record)
}

// signed notes the verdict on the head of a request.
func (e *entry) signed(s *sigv4.Signature, err error) {
	e.set(func(r *Record) {
		if s != nil {
			r.AccessKeyID, r.Service, r.Region = s.AccessKeyID, s.Service, s.Region
			r.SignedHeaders, r.Presigned, r.Verdict = s.SignedHeaders, s.Presigned, Pending
		}
	})
	if s != nil && err != nil {
		e.judge(err)
	}
}

// judge notes the verdict on the whole request.
func (e *entry) judge(err error) {
	e.set(func(r *Record) {
		if r.Verdict = Valid; err != nil {
			r.Verdict, r.Problem = Invalid, err.Error()
		}
	})
}

// watch passes a body through and notes what it was.
func (e *entry) watch(body io.ReadCloser) io.ReadCloser {
	return &countedBody{ReadCloser: body, entry: e, hash: sha256.New()}
}

// judged passes a body through whose end says whether the signature holds.
func (e *entry) judged(body io.ReadCloser) io.ReadCloser {
	return &judgedBody{ReadCloser: body, entry: e}
}

type countedBody struct {
	io.ReadCloser
	entry *entry
	hash  hash.Hash
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.hash.Write(p[:n])
	b.entry.set(func(r *Record) {
		r.BodyBytes += int64(n)
		if err == io.EOF {
			r.BodySHA256 = hex.EncodeToString(b.hash.Sum(nil))
		}
	})
	return n, err
}

type judgedBody struct {
	io.ReadCloser
	entry *entry
	known bool
}

func (b *judgedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !b.known {
		b.known = true
		if err == io.EOF {
			b.entry.judge(nil)
		} else {
			b.entry.judge(err)
		}
	}
	return n, err
}

// statusWriter notes the status of the answer before it goes out.
type statusWriter struct {
	http.ResponseWriter
	entry *entry
	begun bool
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

func (w *statusWriter) WriteHeader(status int) {
	if status == http.StatusContinue { // net/http sends it by itself
		return
	}
	if status >= http.StatusOK {
		w.begun = true
		w.entry.set(func(r *Record) { r.Status = status })
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var traceNames = []string{
	"Traceparent", "Tracestate", "Baggage", "B3", "X-Request-Id", "X-Amzn-Trace-Id", "X-Ot-Span-Context",
	"X-Cloud-Trace-Context", "Grpc-Trace-Bin", "Sw8", "Uber-Trace-Id",
}

func traceHeaders(h http.Header) http.Header {
	trace := http.Header{}
	for name, values := range h {
		if slices.Contains(traceNames, name) || strings.HasPrefix(name, "X-B3-") || strings.HasPrefix(name, "X-Datadog-") {
			trace[name] = slices.Clone(values)
		}
	}
	return trace
}
