package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// An upload is of uploadSize bytes, at an even pace: it takes uploadTime.
const (
	uploadSize = 64 << 20
	uploadTime = 10 * time.Second
)

// uploadV2 puts an object that follows from text, and that cannot be sent again: whatever
// disturbs the one request fails it.
func uploadV2(ctx context.Context, client *s3.Client, key, text string) (string, error) {
	sent, got := sha256.New(), sha256.New()
	object := io.LimitReader(rand.NewChaCha8(sha256.Sum256([]byte(text))), uploadSize)
	if _, err := client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: aws.String(key),
		Body: slow{io.TeeReader(object, sent)}, ContentLength: aws.Int64(uploadSize),
	}); err != nil {
		return "", err
	}
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	if _, err := io.Copy(got, out.Body); err != nil {
		return "", err
	}
	if [sha256.Size]byte(got.Sum(nil)) != [sha256.Size]byte(sent.Sum(nil)) {
		return "", errors.New("what is stored is not what was sent")
	}
	return text, nil
}

// slow reads as much as fits into the time.
type slow struct{ io.Reader }

func (s slow) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p[:min(len(p), 64<<10)])
	time.Sleep(time.Duration(n) * uploadTime / uploadSize)
	return n, err
}
