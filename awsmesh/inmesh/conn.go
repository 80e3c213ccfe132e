package inmesh

import (
	"io"
	"net"
	"sync"
)

// A toSidecar is a proven connection.
type toSidecar struct {
	*net.TCPConn
	buffers *sync.Pool // of *[bufferSize]byte
}

// bufferSize is how much of a body is read and sent at once. With net/http's 32 KiB an
// upload spends most of its time in system calls.
const bufferSize = 256 << 10

// ReadFrom sends all of r. It is what net/http calls for a request's body.
func (c *toSidecar) ReadFrom(r io.Reader) (int64, error) {
	buffer, ok := c.buffers.Get().(*[bufferSize]byte)
	if !ok {
		buffer = new([bufferSize]byte)
	}
	defer c.buffers.Put(buffer)
	return io.CopyBuffer(struct{ io.Writer }{c.TCPConn}, struct{ io.Reader }{r}, buffer[:])
}
