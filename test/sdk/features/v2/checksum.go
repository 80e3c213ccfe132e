package v2

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

// Checksum puts with a checksum that S3 checks, in a header.
func Checksum(ctx context.Context, in app.Input) (string, error) {
	b, err := openBucket(ctx, in, in.Name("checked"))
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(app.NewBody(200_000))
	if err != nil {
		return "", err
	}
	sum := base64sum(body)
	err = b.put(ctx, "checked", bytes.NewReader(body), func(in *s3.PutObjectInput) { in.ChecksumSHA256 = &sum })
	if err != nil {
		return "", err
	}
	return b.get(ctx, "checked", int64(len(body)))
}

func base64sum(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Trailers puts streams with each of the checksums that come behind the body, and gets
// them with a check.
func Trailers(ctx context.Context, in app.Input) (string, error) {
	b, err := openBucket(ctx, in, in.Name("trailed"))
	if err != nil {
		return "", err
	}
	const size = 200_000
	for _, a := range []types.ChecksumAlgorithm{types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmSha256} {
		err := b.put(ctx, string(a), app.Unseekable(app.NewBody(size)), length(size), func(in *s3.PutObjectInput) { in.ChecksumAlgorithm = a })
		if err != nil {
			return "", fmt.Errorf("%s: %w", a, err)
		}
		got, err := b.GetObject(ctx, &s3.GetObjectInput{Bucket: b.name, Key: new(string(a)), ChecksumMode: types.ChecksumModeEnabled})
		if err != nil {
			return "", fmt.Errorf("%s: %w", a, err)
		}
		saw, err := app.Same(got.Body, size)
		if _ = got.Body.Close(); err != nil || saw != "the same bytes" {
			return saw, err
		}
	}
	return "the same bytes thrice", nil
}
