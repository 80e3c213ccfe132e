package pod

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// dns answers every name by [Config].Lookup, until Down. It listens on one
// address, which so is the sender of its answers.
func (w *World) dns(context.Context) error {
	lookup := w.config.Lookup
	if lookup == nil {
		lookup = func(string) []netip.Addr { return []netip.Addr{AWS4, AWS6} }
	}
	conn, err := w.Outside.ListenPacket("udp", service+":53")
	if err != nil {
		return fmt.Errorf("DNS server: %w", err)
	}
	w.down = append(w.down, func() { _ = conn.Close() })
	go func() {
		query := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(query)
			if err != nil {
				return
			}
			if answer, err := answer(query[:n], lookup); err == nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return nil
}

// answer returns the answer to query, a DNS message with one question.
func answer(query []byte, lookup func(string) []netip.Addr) ([]byte, error) {
	var p dnsmessage.Parser
	header, err := p.Start(query)
	if err != nil {
		return nil, err
	}
	q, err := p.Question()
	if err != nil {
		return nil, err
	}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: header.ID, Response: true, RecursionDesired: header.RecursionDesired, RecursionAvailable: true},
		Questions: []dnsmessage.Question{q},
	}
	addrs := lookup(strings.ToLower(strings.TrimSuffix(q.Name.String(), ".")))
	if len(addrs) == 0 {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, a := range addrs {
		var body dnsmessage.ResourceBody
		switch {
		case q.Type == dnsmessage.TypeA && a.Is4():
			body = &dnsmessage.AResource{A: a.As4()}
		case q.Type == dnsmessage.TypeAAAA && a.Is6():
			body = &dnsmessage.AAAAResource{AAAA: a.As16()}
		default:
			continue
		}
		m.Answers = append(m.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
			Body:   body,
		})
	}
	return m.Pack()
}
