package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws-mesh/aws-mesh/awsmesh/intercept"
)

// A connection is checked a few times; once would use up the ports.
const checksPerConn = 5

// What the other end of a connection says where it is.
const sidecar, cloud = 's', 'a'

// serveTruth answers every connection with a byte that says where it ends: in the
// sidecar of the check, or in AWS.
func serveTruth() error {
	for address, name := range map[string]byte{
		net.JoinHostPort("127.0.0.1", strconv.Itoa(checkedProxyPort)): sidecar,
		net.JoinHostPort(checkedNo, "443"):                            cloud,
	} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					_, _ = conn.Write([]byte{name})
					_, _ = io.Copy(io.Discard, conn)
					_ = conn.Close()
				}()
			}
		}()
	}
	return nil
}

// A checker checks new connections, every other one redirected, from some goroutines at
// once.
type checker struct {
	goroutines, total int
	turns             []tally
}

// A tally is how checks went.
type tally struct {
	took  []time.Duration // of each, sorted
	wrong int             // answers that the other end of the connection contradicts
}

// turn does what is due of the total in one of so many rounds.
func (c *checker) turn(rounds int) error {
	tallies, errs := make([]tally, c.goroutines), make([]error, c.goroutines)
	var wg sync.WaitGroup
	for i := range c.goroutines {
		wg.Go(func() {
			for n := range c.total/checksPerConn/c.goroutines/rounds + 1 {
				if errs[i] = tallies[i].add([]string{checkedYes, checkedNo}[n%2]); errs[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	var all tally
	for _, t := range tallies {
		all.took = append(all.took, t.took...)
		all.wrong += t.wrong
	}
	slices.Sort(all.took)
	c.turns = append(c.turns, all)
	return errors.Join(errs...)
}

// percentile returns the p-th percentile of each turn, in microseconds, sorted.
func (c *checker) percentile(p int) []float64 {
	var all []float64
	for _, t := range c.turns {
		all = append(all, float64(t.took[len(t.took)*p/100].Nanoseconds())/1e3)
	}
	slices.Sort(all)
	return all
}

func (c *checker) wrong() (n int) {
	for _, t := range c.turns {
		n += t.wrong
	}
	return n
}

// add checks a new connection to address, and then uses it and hears from its other end.
func (t *tally) add(address string) error {
	conn, err := net.Dial("tcp", net.JoinHostPort(address, "443"))
	if err != nil {
		return err
	}
	var proven [checksPerConn]bool
	for i := range proven {
		start := time.Now()
		err := intercept.Check(conn, checkedProxyPort)
		t.took = append(t.took, time.Since(start))
		proven[i] = err == nil
	}
	if _, err := conn.Write([]byte{'?'}); err != nil {
		return err
	}
	truth := make([]byte, 1)
	if _, err := io.ReadFull(conn, truth); err != nil {
		return fmt.Errorf("no word from the other end: %w", err)
	}
	for _, p := range proven {
		if p != (truth[0] == sidecar) {
			t.wrong++
		}
	}
	return drop(conn)
}
