package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/test/sdk/pod"
)

// A server is AWS and the sidecar: a process of its own, so what a contender uses is the
// application's CPU alone.
type server struct {
	roots string // file of root certificates
	dir   string
	cmd   *exec.Cmd
	stdin io.Closer // ends the process
}

func startServer() (*server, error) {
	dir, err := os.MkdirTemp("", "aws-mesh-bench")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, roots: filepath.Join(dir, "roots.pem")}
	if err := s.start(); err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("server: %w", err)
	}
	return s, nil
}

func (s *server) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s.cmd = exec.Command(self, "serve", s.roots)
	s.cmd.Stderr = os.Stderr
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		return errors.Join(errors.New("it does not start"), s.cmd.Wait())
	}
	return nil
}

func (s *server) stop() {
	_ = s.stdin.Close()
	_ = s.cmd.Wait()
	_ = os.RemoveAll(s.dir)
}

// serve writes its root certificates, says when it is ready, and ends with stdin. AWS
// speaks HTTP/1.1 and TLS; the sidecar gives the same answers in plaintext.
func serve(roots string, stdout io.Writer, stdin io.Reader) error {
	rsaChain, ecdsaChain, err := chains(roots)
	if err != nil {
		return err
	}
	for address, chain := range map[string]*tls.Certificate{
		net.JoinHostPort(awsRSA, "443"):                        rsaChain,
		net.JoinHostPort(awsECDSA, "443"):                      ecdsaChain,
		net.JoinHostPort("127.0.0.1", strconv.Itoa(proxyPort)): nil,
	} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		if chain != nil {
			l = secure(l, chain)
		}
		go func() { _ = http.Serve(l, http.HandlerFunc(answer)) }() //nolint:gosec // no stranger comes here
	}
	for _, address := range []string{awsRSA, awsECDSA, inMesh} {
		if err := serveNames(address); err != nil {
			return err
		}
	}
	if err := serveTruth(); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(stdout, "ready"); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, stdin)
	return err
}

// secure has l do the cheapest handshake for the client that AWS may choose.
func secure(l net.Listener, chain *tls.Certificate) net.Listener {
	return tls.NewListener(l, &tls.Config{
		Certificates: []tls.Certificate{*chain}, MinVersion: tls.VersionTLS13,
		CurvePreferences: []tls.CurveID{tls.X25519}, SessionTicketsDisabled: true,
	})
}

const item = `{"Item":{"id":{"S":"order-1"},"state":{"S":"paid"},"amount":{"N":"42"}}}`

// itemSum is checked by the SDKs, as DynamoDB's.
var itemSum = strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(item))), 10)

// answer is the least that the SDKs take for an answer of DynamoDB and S3, and the
// sidecar's answer about its route.
func answer(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if r.TLS == nil && r.Header.Get(awsmesh.RouteHeader) == awsmesh.RouteAsk {
		h.Set(awsmesh.RouteHeader, pod.UID)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	h.Set("X-Amzn-Requestid", "4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG")
	if r.Method == http.MethodPut {
		h.Set("X-Amz-Request-Id", "TX234S0F24A06C78")
		h.Set("Etag", `"9bb58f26192e4ba00f01e2e7b136bbd8"`)
		return
	}
	h.Set("Content-Type", "application/x-amz-json-1.0")
	h.Set("X-Amz-Crc32", itemSum)
	_, _ = io.WriteString(w, item)
}
