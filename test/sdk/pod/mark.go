package pod

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// markPort is where a capture sends itself marks; nobody listens.
const markPort = "9"

// sync waits until all that has left is taken in: a mark that leaves now is.
func (c *Capture) sync() error {
	mark := []byte(rand.Text())
	conn, err := c.machine.DialContext(context.Background(), "udp", net.JoinHostPort(AWS4.String(), markPort))
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	defer conn.Close()
	if _, err := conn.Write(mark); err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	for timeout := time.After(time.Minute); ; {
		select {
		case seen := <-c.marks:
			if bytes.Equal(seen, mark) {
				return c.dropped()
			}
		case <-c.done:
			return nil // closed: sync was called before
		case <-timeout:
			return errors.New("capture: it does not see what leaves")
		}
	}
}

// dropped reports packets that the kernel could not hand over since the last call.
func (c *Capture) dropped() error {
	raw, err := c.file.SyscallConn()
	if err != nil {
		return err
	}
	stats := new(unix.TpacketStats)
	var failed error
	err = raw.Control(func(fd uintptr) {
		stats, failed = unix.GetsockoptTpacketStats(int(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS)
	})
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	if stats.Drops > 0 {
		c.incomplete(fmt.Errorf("capture: %d packets were dropped", stats.Drops))
	}
	return nil
}

func (c *Capture) incomplete(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = errors.Join(c.err, err)
}
