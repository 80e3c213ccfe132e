package app

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime"
)

// A Body is a stream of so many bytes, which are different in every place and never in
// memory at once. It is an [io.ReadSeeker].
type Body struct {
	Size int64
	at   int64
	page []byte // the one that at is in, or was
	no   int64  // of page, from 1
}

// NewBody makes a body at its start.
func NewBody(size int64) *Body { return &Body{Size: size, page: make([]byte, pageSize)} }

const pageSize = 64 << 10

// turn makes page the one that at is in.
func (b *Body) turn() {
	no := b.at/pageSize + 1
	if no == b.no {
		return
	}
	b.no = no
	sum := sha256.Sum256([]byte(fmt.Sprint(no)))
	for n := copy(b.page, sum[:]); n < pageSize; n *= 2 {
		copy(b.page[n:], b.page[:n])
	}
}

func (b *Body) Read(p []byte) (int, error) {
	if b.at >= b.Size {
		return 0, io.EOF
	}
	b.turn()
	n := copy(p[:min(int64(len(p)), b.Size-b.at)], b.page[b.at%pageSize:])
	b.at += int64(n)
	return n, nil
}

// Seek is that of [io.Seeker].
func (b *Body) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += b.at
	case io.SeekEnd:
		offset += b.Size
	}
	if offset < 0 {
		return 0, errors.New("before the start")
	}
	b.at = offset
	return offset, nil
}

// Same reads r to its end and says whether it is a body of that size.
func Same(r io.Reader, size int64) (string, error) {
	want := NewBody(size)
	got, expected := make([]byte, pageSize), make([]byte, pageSize)
	for {
		n, err := io.ReadFull(r, got)
		m, _ := io.ReadFull(want, expected)
		if !bytes.Equal(got[:n], expected[:m]) {
			return fmt.Sprintf("other bytes than were put, before %d", want.at), nil
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return "the same bytes", nil
		case err != nil:
			return "", err
		}
	}
}

// Unseekable hides all of r but Read.
func Unseekable(r io.Reader) io.Reader { return struct{ io.Reader }{r} }

// memory is more than an application needs for a stream, and less than a large object.
const memory = 128 << 20

// Memory says whether the heap has been bounded so far.
func Memory() string {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapSys < memory {
		return "in bounded memory"
	}
	return fmt.Sprintf("with a heap of %d bytes", m.HeapSys)
}
