package aws

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A FaultKind is something that goes wrong.
type FaultKind string

// The faults. The first three are of the certificate.
const (
	WrongName   FaultKind = "wrong-name"   // a certificate for another name
	UntrustedCA FaultKind = "untrusted-ca" // a certificate of another CA
	Expired     FaultKind = "expired"      // a certificate that was good until yesterday
	ServerError FaultKind = "500"          // the request is read and answered 500
	Reset       FaultKind = "reset"        // the request is read and the connection reset
	Slow        FaultKind = "slow"         // the request is read and handled after Delay
	Silent      FaultKind = "silent"       // the request is read and never answered
)

// A Fault is a thing that goes wrong with requests to a host.
type Fault struct {
	Kind   FaultKind
	Host   string        // empty: every host
	Client string        // the address of those it happens to; empty: everybody
	Times  int           // 0: until the faults are cleared
	Delay  time.Duration // of Slow; in nanoseconds in JSON
}

func (f Fault) check() error {
	kinds := []FaultKind{WrongName, UntrustedCA, Expired, ServerError, Reset, Slow, Silent}
	if !slices.Contains(kinds, f.Kind) {
		return fmt.Errorf("unknown kind of fault %q (known: %q)", f.Kind, kinds)
	}
	return nil
}

type faults struct {
	mu   sync.Mutex
	list []*Fault
}

func (f *faults) add(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, &fault)
}

func (f *faults) clear(client string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.DeleteFunc(f.list, func(fault *Fault) bool { return client == "" || client == fault.Client })
}

// take finds a fault of one of the kinds for a client of a host, and counts it.
func (f *faults) take(client, host string, kinds ...FaultKind) (Fault, bool) {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.list, func(fault *Fault) bool {
		return slices.Contains(kinds, fault.Kind) && (fault.Host == "" || fault.Host == host) && (fault.Client == "" || fault.Client == client)
	})
	if i < 0 {
		return Fault{}, false
	}
	fault := f.list[i]
	if fault.Times--; fault.Times == 0 {
		f.list = slices.Delete(f.list, i, i+1)
	}
	return *fault, true
}

// resetConnection drops a connection without a farewell.
func resetConnection(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's own way of dropping a connection
	}
	for {
		inner, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		c = inner.NetConn()
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it closes with RST
	}
	_ = c.Close()
}
