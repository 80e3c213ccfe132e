package v2

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

// Multipart uploads a stream in parts and downloads it in parts.
func Multipart(ctx context.Context, in app.Input) (string, error) {
	b, err := openBucket(ctx, in, in.Name("parts"))
	if err != nil {
		return "", err
	}
	const size = 12 << 20
	transfers := transfermanager.New(b.Client, func(o *transfermanager.Options) { o.PartSizeBytes = 5 << 20 })
	_, err = transfers.UploadObject(ctx, &transfermanager.UploadObjectInput{
		Bucket: b.name, Key: new("film"), Body: app.Unseekable(app.NewBody(size)),
	})
	if err != nil {
		return "", err
	}
	got, err := transfers.GetObject(ctx, &transfermanager.GetObjectInput{Bucket: b.name, Key: new("film")})
	if err != nil {
		return "", err
	}
	return app.Same(got.Body, size)
}

// Presigned makes two URLs for somebody who has no credentials: to get an object, and to
// put one.
func Presigned(ctx context.Context, in app.Input) (saw string, err error) {
	b, err := openBucket(ctx, in, in.Name("shared"))
	if err != nil {
		return "", err
	}
	if err := b.put(ctx, "a photo", app.NewBody(1000)); err != nil {
		return "", err
	}
	urls := s3.NewPresignClient(b.Client, s3.WithPresignExpires(time.Minute))
	app.Traced(ctx, func(ctx context.Context) { saw, err = b.presign(ctx, urls) })
	return saw, err
}

func (b bucket) presign(ctx context.Context, urls *s3.PresignClient) (string, error) {
	get, err := urls.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: b.name, Key: new("a photo")})
	if err != nil {
		return "", err
	}
	put, err := urls.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: b.name, Key: new("another photo")})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s", get.URL, put.URL), nil
}
