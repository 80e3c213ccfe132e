package v1

import (
	"bytes"
	"context"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/s3"
	"github.com/aws/aws-sdk-go/service/s3/s3manager"

	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

// Multipart uploads a stream in parts and downloads it in parts.
func Multipart(ctx context.Context, in app.Input) (string, error) {
	b, err := openBucket(ctx, in, in.Name("parts"))
	if err != nil {
		return "", err
	}
	const size = 12 << 20
	uploads := s3manager.NewUploaderWithClient(b, func(u *s3manager.Uploader) { u.PartSize = 5 << 20 })
	_, err = uploads.UploadWithContext(ctx, &s3manager.UploadInput{
		Bucket: b.name, Key: new("film"), Body: app.Unseekable(app.NewBody(size)),
	})
	if err != nil {
		return "", err
	}
	downloads := s3manager.NewDownloaderWithClient(b, func(d *s3manager.Downloader) { d.PartSize = 5 << 20 })
	got := aws.NewWriteAtBuffer(make([]byte, 0, size))
	if _, err := downloads.DownloadWithContext(ctx, got, &s3.GetObjectInput{Bucket: b.name, Key: new("film")}); err != nil {
		return "", err
	}
	return app.Same(bytes.NewReader(got.Bytes()), size)
}

// Unseekable puts a stream that cannot be read twice. In this SDK that is for the
// uploader, which reads it into memory part by part.
func Unseekable(ctx context.Context, in app.Input) (string, error) {
	b, err := openBucket(ctx, in, in.Name("streams"))
	if err != nil {
		return "", err
	}
	const size = 3<<20 + 1
	_, err = s3manager.NewUploaderWithClient(b).UploadWithContext(ctx, &s3manager.UploadInput{
		Bucket: b.name, Key: new("log"), Body: app.Unseekable(app.NewBody(size)),
	})
	if err != nil {
		return "", err
	}
	return b.get(ctx, "log", size)
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
	app.Traced(ctx, func(ctx context.Context) { saw, err = b.presign(ctx) })
	return saw, err
}

func (b bucket) presign(ctx context.Context) (string, error) {
	get, _ := b.GetObjectRequest(&s3.GetObjectInput{Bucket: b.name, Key: new("a photo")})
	get.SetContext(ctx)
	from, err := get.Presign(time.Minute)
	if err != nil {
		return "", err
	}
	put, _ := b.PutObjectRequest(&s3.PutObjectInput{Bucket: b.name, Key: new("another photo")})
	put.SetContext(ctx)
	to, err := put.Presign(time.Minute)
	return from + " " + to, err
}
