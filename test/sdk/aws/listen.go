package aws

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// tlsRecord is the first byte of every TLS connection.
const tlsRecord = 0x16

// plaintextAnswer is what AWS says to plain HTTP on its TLS port.
const plaintextAnswer = "<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n" +
	"<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n<center>The plain HTTP request was sent to HTTPS port</center>\r\n</body>\r\n</html>\r\n"

// A tlsListener speaks TLS on whatever connects, and answers plain HTTP itself.
type tlsListener struct {
	net.Listener
	config    *tls.Config
	plaintext func(r *http.Request) *entry
	forges    bool // the answer that a sidecar gives about its route
}

func (l tlsListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return tls.Server(&sniffedConn{Conn: c, plaintext: l.plaintext, forges: l.forges}, l.config), nil
}

// A sniffedConn looks at the first byte that comes.
type sniffedConn struct {
	net.Conn
	plaintext func(r *http.Request) *entry
	forges    bool
	sniffed   bool
	over      bool // it was not TLS, and has been answered
}

// NetConn gives the connection beneath.
func (c *sniffedConn) NetConn() net.Conn { return c.Conn }

func (c *sniffedConn) Read(p []byte) (int, error) {
	if c.over {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p)
	if n > 0 && !c.sniffed {
		if c.sniffed = true; p[0] != tlsRecord {
			c.over = true
			c.answer(bufio.NewReader(io.MultiReader(bytes.NewReader(bytes.Clone(p[:n])), c.Conn)))
			return 0, io.EOF
		}
	}
	return n, err
}

func (c *sniffedConn) Write(p []byte) (int, error) {
	if c.over {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

// answer refuses a request in plaintext after a look at its head, as AWS does, and then
// reads for a moment what else comes: it belongs into the record, and a close with unread
// bytes would be a reset that takes the answer with it.
func (c *sniffedConn) answer(in *bufio.Reader) {
	const patience = 500 * time.Millisecond
	_ = c.Conn.SetDeadline(time.Now().Add(10 * time.Second))
	r, err := http.ReadRequest(in)
	for c.forges && err == nil && r.Header.Get(awsmesh.RouteHeader) == awsmesh.RouteAsk {
		r.RemoteAddr = c.RemoteAddr().String()
		c.plaintext(r).set(func(r *Record) { r.Status = http.StatusNoContent })
		_, _ = io.WriteString(c.Conn, "HTTP/1.1 204 No Content\r\n"+awsmesh.RouteHeader+": "+awsmesh.RouteOfWaypoint+"\r\n\r\n")
		if r, err = http.ReadRequest(in); err == io.EOF { //nolint:errorlint // ReadRequest's own
			return
		}
	}
	if err != nil {
		r = &http.Request{Header: http.Header{}, Body: http.NoBody}
	}
	r.RemoteAddr = c.RemoteAddr().String()
	e := c.plaintext(r)
	if err != nil {
		e.set(func(r *Record) { r.Problem = "neither TLS nor HTTP: " + err.Error() })
	}
	e.set(func(r *Record) { r.Status = http.StatusBadRequest })
	_, _ = io.WriteString(c.Conn, strings.Join([]string{
		"HTTP/1.0 400 Bad Request", "Server: awselb/2.0", "Content-Type: text/html", "Connection: close", "", plaintextAnswer,
	}, "\r\n"))
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
	_ = c.Conn.SetReadDeadline(time.Now().Add(patience))
	_, _ = io.Copy(io.Discard, e.watch(r.Body))
}
