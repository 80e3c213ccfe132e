package pod

import "slices"

// A stream is one direction of a TCP connection, in which it tells TLS records from
// everything else.
//
//	segment → in order, once → TLS record by record, from the first byte
//
// The first byte that cannot start a record, and all after it, is plaintext.
type stream struct {
	next      uint32 // sequence number of the next byte
	begun     bool
	header    []byte // of the next record, as far as it is here
	remaining int    // bytes of the current record to come
	plaintext []byte
	broken    bool  // not TLS, or not any more
	bytes     int64 // seen in order
}

// maxPlaintext bounds what a stream keeps; whether there is any is what matters.
const maxPlaintext = 64 << 10

// segment takes the payload that starts at the sequence number seq. It reports false if
// a segment before it is missing.
func (s *stream) segment(seq uint32, payload []byte) bool {
	if !s.begun {
		s.begun, s.next = true, seq
	}
	ahead := int(int32(seq - s.next)) // sequence numbers wrap
	if ahead > 0 {
		return false
	}
	payload = payload[min(-ahead, len(payload)):] // the rest is sent again
	s.next += uint32(len(payload))
	s.bytes += int64(len(payload))
	s.read(payload)
	return true
}

func (s *stream) read(p []byte) {
	for len(p) > 0 && !s.broken {
		if s.remaining > 0 {
			n := min(s.remaining, len(p))
			s.remaining -= n
			p = p[n:]
			continue
		}
		s.header, p = append(s.header, p[0]), p[1:]
		switch {
		case !record(s.header):
			s.broken = true
			p, s.header = slices.Concat(s.header, p), nil
		case len(s.header) == 5:
			s.remaining = int(s.header[3])<<8 | int(s.header[4])
			s.header = s.header[:0]
		}
	}
	if s.broken {
		s.plaintext = append(s.plaintext, p[:min(len(p), maxPlaintext-len(s.plaintext))]...)
	}
}

// leaked returns the plaintext so far. Bytes that may yet become the header of a record
// count: a connection that ends with them was not TLS.
func (s *stream) leaked() []byte { return slices.Concat(s.plaintext, s.header) }

// record tells whether h may be the start of the header of a TLS record: type, version
// 3.0 to 3.4, and a length of at most 2¹⁴ plus 256 bytes or, before TLS 1.3, 2048.
func record(h []byte) bool {
	return h[0] >= 20 && h[0] <= 24 &&
		(len(h) < 2 || h[1] == 3) &&
		(len(h) < 3 || h[2] <= 4) &&
		(len(h) < 4 || int(h[3])<<8 <= 1<<14+2048) &&
		(len(h) < 5 || int(h[3])<<8|int(h[4]) <= 1<<14+2048 && int(h[3])<<8|int(h[4]) > 0)
}
