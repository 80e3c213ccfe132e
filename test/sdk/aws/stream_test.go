package aws_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"runtime"
	"testing"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4/sign"
)

const (
	size      = 256 << 20
	zerosHash = "a6d72ac7690f53be6ae46ba88506bd97302a093f7108472bd9efc3cefda06484"
)

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// A large object goes through, both ways, in a part of its size; most of that is what
// sync.Pool drops under the race detector.
func TestS3Streams(t *testing.T) {
	c := start(t)
	c.call(user, "s3", "eu-west-1", "PUT", s3Host+"/bucket", "").want(t, 200, "")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	put := c.request("PUT", s3Host+"/bucket/k", "")
	put.Body, put.ContentLength = io.NopCloser(io.LimitReader(zeros{}, size)), size
	sign.Signer{Credentials: user, Region: "eu-west-1", Service: "s3"}.Header(put, zerosHash)
	c.send(put).want(t, 200, "")
	if r := c.last(); r.Verdict != aws.Valid || r.BodyBytes != size || r.BodySHA256 != zerosHash {
		t.Errorf("%+v", r)
	}

	get := c.request("GET", s3Host+"/bucket/k", "")
	sign.Signer{Credentials: user, Region: "eu-west-1", Service: "s3"}.Header(get, sign.Hash(nil))
	response, err := c.http.Do(get)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	hash := sha256.New()
	if n, err := io.Copy(hash, response.Body); n != size || err != nil || hex.EncodeToString(hash.Sum(nil)) != zerosHash {
		t.Errorf("%d bytes came back: %v", n, err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > size/2 {
		t.Errorf("%d MiB of memory were used for twice %d MiB of data", n>>20, size>>20)
	}
}
