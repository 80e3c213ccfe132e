package pod

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test binary what its first argument says.
func TestMain(m *testing.M) {
	what := ""
	if len(os.Args) > 1 {
		what = os.Args[1]
	}
	switch what {
	case "client":
		_ = json.NewEncoder(os.Stdout).Encode(call(os.Args[2:]))
	case "hold":
		fmt.Fprintln(os.Stderr, holdWorld())
	case "missing":
		fmt.Println(missing(&Config{Bin: "/nowhere"}))
	default:
		os.Exit(m.Run())
	}
}

// A reply is what an application got.
type reply struct {
	Status int
	Header http.Header
	Body   string
	Error  string
	Local  string // address of the connection
}

// call makes a request as aws-mesh's packages do: plain HTTP on the port of HTTPS.
func call(args []string) (r reply) {
	flags := flag.NewFlagSet("client", flag.ExitOnError)
	network := flags.String("network", "tcp", "tcp4 or tcp6")
	own := flags.Bool("tls", false, "with TLS of its own")
	method := flags.String("method", "GET", "")
	ask := flags.Bool("ask", false, "ask for the route")
	_ = flags.Parse(args)

	dial := func(ctx context.Context, _, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, *network, address)
		if err == nil {
			r.Local = conn.LocalAddr().String()
		}
		return conn, err
	}
	transport := &http.Transport{DialContext: dial, DialTLSContext: dial, TLSClientConfig: &tls.Config{}}
	if *own {
		transport.DialTLSContext = nil
	}
	request, err := http.NewRequest(*method, flags.Arg(0), strings.NewReader(secret))
	if err != nil {
		return reply{Error: err.Error()}
	}
	if *ask {
		request.Body, request.ContentLength = nil, 0
		request.Header.Set("X-Aws-Mesh-Route", "ask")
	}
	res, err := (&http.Client{Transport: transport, Timeout: 5 * time.Second}).Do(request)
	if err != nil {
		r.Error = err.Error()
		return r
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		r.Error = err.Error()
	}
	r.Status, r.Header, r.Body = res.StatusCode, res.Header, string(body)
	return r
}

// secret is the body of every request: it must not leave in plaintext.
const secret = "Action=AssumeRoleWithWebIdentity&WebIdentityToken=eyJhbGciOi"

// ask runs an application in m, as user 1000.
func ask(t *testing.T, m *Machine, args ...string) reply {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := TestBinary(t.Context(), nil, append([]string{"client"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := m.Run(cmd); err != nil {
		t.Fatalf("client %q: %v\n%s", args, err, errs.String())
	}
	var r reply
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("client %q: %v\n%s", args, err, out.String())
	}
	return r
}
