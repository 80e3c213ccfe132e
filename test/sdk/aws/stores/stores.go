// Package stores runs what the stand-in for AWS stores things in: versitygw for S3, one
// process for each region, and dynalite for DynamoDB. They listen on Unix sockets, so
// they are reached from every network namespace, and start when they are first needed.
package stores

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4"
)

// Options say what the stores are made of.
type Options struct {
	Bin string    // folder with versitygw and dynalite; empty: "bin" of the checkout
	Dir string    // where objects go; empty: a temporary folder
	Log io.Writer // what the stores print; nil: nowhere

	// The long-term credentials, and where to find those of sessions.
	AccessKeyID, SecretAccessKey string
	Sessions                     sigv4.Lookup
}

// Stores are the processes that were started.
type Stores struct {
	Options
	sockets   string // folder
	keyServer *keyServer

	mu      sync.Mutex
	running map[string]*process // by the name of its socket
	closed  bool
}

// New makes stores of which none runs yet. It reports a missing binary.
func New(o Options) (*Stores, error) {
	var err error
	if o.Bin == "" {
		if o.Bin, err = findBin(); err != nil {
			return nil, err
		}
	}
	for _, path := range []string{"versitygw", "dynalite/node"} {
		if _, err := os.Stat(filepath.Join(o.Bin, path)); err != nil {
			return nil, fmt.Errorf("%w: run \"make assets\"", err)
		}
	}
	s := &Stores{Options: o, running: map[string]*process{}}
	if s.sockets, err = os.MkdirTemp("", "aws-"); err != nil { // short: the path of a socket has 108 bytes
		return nil, err
	}
	if o.Dir == "" {
		s.Dir = s.sockets
	}
	s.keyServer, err = newKeyServer(filepath.Join(s.sockets, "keys.sock"), o.Sessions)
	return s, err
}

// findBin looks upwards from the working directory, which is the package's own in a test.
func findBin() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "test", "sdk", "aws")); err == nil {
			return filepath.Join(dir, "bin"), nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not inside a checkout of aws-mesh: say where versitygw and dynalite are", start)
		}
	}
}

// S3 gives the transport to the objects of a region.
func (s *Stores) S3(ctx context.Context, region string) (http.RoundTripper, error) {
	return s.start(ctx, "s3-"+region, func(socket string) (string, []string, error) {
		objects, metadata := s.objects(region), filepath.Join(s.Dir, "metadata", region)
		return filepath.Join(s.Bin, "versitygw"), []string{
			"--port", socket, "--access", s.AccessKeyID, "--secret", s.SecretAccessKey, "--region", region,
			// The bucket is what precedes ".s3" in the host, whatever follows: this holds for all of S3's hosts.
			"--virtual-domain", "s3",
			"--iam-standalone-endpoint", s.keyServer.socket, "--keep-alive", "--quiet",
			"posix", "--sidecar", metadata, objects, // not every file system has extended attributes
		}, errors.Join(os.MkdirAll(objects, 0o755), os.MkdirAll(metadata, 0o755))
	})
}

// BucketRegion says in which region a bucket is; empty: nowhere.
func (s *Stores) BucketRegion(bucket string) string {
	if bucket == "" || bucket != filepath.Base(bucket) {
		return ""
	}
	found, _ := filepath.Glob(s.objects("*"))
	for _, dir := range found {
		if _, err := os.Stat(filepath.Join(dir, bucket)); err == nil {
			return filepath.Base(dir)
		}
	}
	return ""
}

func (s *Stores) objects(region string) string { return filepath.Join(s.Dir, "objects", region) }

// DynamoDB gives the transport to the tables.
func (s *Stores) DynamoDB(ctx context.Context) (http.RoundTripper, error) {
	return s.start(ctx, "dynamodb", func(socket string) (string, []string, error) {
		return filepath.Join(s.Bin, "dynalite", "node"), []string{
			filepath.Join(s.Bin, "dynalite", "node_modules", "dynalite", "cli.js"),
			"--port", socket, "--createTableMs", "0", "--deleteTableMs", "0", "--updateTableMs", "0",
		}, nil
	})
}

// start gives the transport to a store, and starts it unless it runs.
func (s *Stores) start(ctx context.Context, name string, command func(socket string) (string, []string, error)) (http.RoundTripper, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, net.ErrClosed
	}
	if p := s.running[name]; p != nil {
		return p.transport, nil
	}
	socket := filepath.Join(s.sockets, name+".sock")
	binary, args, err := command(socket)
	if err != nil {
		return nil, err
	}
	p, err := startProcess(ctx, s.Log, socket, binary, args...)
	if err != nil {
		return nil, err
	}
	s.running[name] = p
	return p.transport, nil
}

// Close ends the stores and forgets what they hold, unless Dir was given.
func (s *Stores) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for _, p := range s.running {
		errs = append(errs, p.stop())
	}
	return errors.Join(append(errs, s.keyServer.Close(), os.RemoveAll(s.sockets))...)
}
