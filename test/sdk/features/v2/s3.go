package v2

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	standin "github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

// A bucket is where the objects of one run are.
type bucket struct {
	*s3.Client
	name *string
}

// openBucket creates a bucket in the region of the environment.
func openBucket(ctx context.Context, in app.Input, name string) (bucket, error) {
	in.Region = ""
	cfg, err := load(ctx, in)
	if err != nil {
		return bucket{}, err
	}
	b := bucket{s3.NewFromConfig(cfg), new(name)}
	_, err = b.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket: b.name, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(cfg.Region)},
	})
	return b, err
}

func (b bucket) put(ctx context.Context, key string, body io.Reader, options ...func(*s3.PutObjectInput)) error {
	in := &s3.PutObjectInput{Bucket: b.name, Key: new(key), Body: body}
	for _, set := range options {
		set(in)
	}
	_, err := b.PutObject(ctx, in)
	return err
}

func length(n int64) func(*s3.PutObjectInput) {
	return func(in *s3.PutObjectInput) { in.ContentLength = new(n) }
}

// get says whether the object is what was put.
func (b bucket) get(ctx context.Context, key string, size int64) (string, error) {
	out, err := b.GetObject(ctx, &s3.GetObjectInput{Bucket: b.name, Key: new(key)})
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	return app.Same(out.Body, size)
}

// roundTrip puts an object and gets it.
func (b bucket) roundTrip(ctx context.Context, size int64) (string, error) {
	if err := b.put(ctx, "photo", app.NewBody(size)); err != nil {
		return "", err
	}
	return b.get(ctx, "photo", size)
}

// Object puts and gets one.
func Object(ctx context.Context, in app.Input) (string, error) {
	b, err := openBucket(ctx, in, in.Name("photos"))
	if err != nil {
		return "", err
	}
	return b.roundTrip(ctx, 1<<20)
}

// DottedBucket puts and gets in a bucket whose host no certificate covers.
func DottedBucket(ctx context.Context, in app.Input) (string, error) {
	b, err := openBucket(ctx, in, in.Name("photos")+".example.com")
	if err != nil {
		return "", err
	}
	return b.roundTrip(ctx, 1<<10)
}

// AccessPoint puts and gets by the ARN of an access point, which the stand-in has for
// every bucket of its name.
func AccessPoint(ctx context.Context, in app.Input) (string, error) {
	b, err := openBucket(ctx, in, in.Name("point")+"-"+standin.AccountID)
	if err != nil {
		return "", err
	}
	b.name = new("arn:aws:s3:" + b.Options().Region + ":" + standin.AccountID + ":accesspoint/" + in.Name("point"))
	return b.roundTrip(ctx, 1<<10)
}

// Unseekable puts a stream that cannot be read twice.
func Unseekable(ctx context.Context, in app.Input) (string, error) {
	b, err := openBucket(ctx, in, in.Name("streams"))
	if err != nil {
		return "", err
	}
	const size = 3<<20 + 1
	if err := b.put(ctx, "log", app.Unseekable(app.NewBody(size)), length(size)); err != nil {
		return "", err
	}
	return b.get(ctx, "log", size)
}

// Large puts and gets an object in a stream.
func Large(ctx context.Context, in app.Input) (string, error) {
	b, err := openBucket(ctx, in, in.Name("films"))
	if err != nil {
		return "", err
	}
	saw, err := b.roundTrip(ctx, in.Size)
	return saw + " " + app.Memory(), err
}

// Continue puts an object that is large enough to ask first, and one that is refused.
func Continue(ctx context.Context, in app.Input) (string, error) {
	b, err := openBucket(ctx, in, in.Name("large"))
	if err != nil {
		return "", err
	}
	saw, err := b.roundTrip(ctx, 3<<20)
	if err != nil {
		return "", err
	}
	cfg, err := load(ctx, in, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(standin.AccessKeyID, "not the secret", "")))
	if err != nil {
		return "", err
	}
	refused := bucket{s3.NewFromConfig(cfg), b.name}.put(ctx, "large", app.NewBody(3<<20))
	return saw + "; a stranger: " + code(refused), nil
}

// Keys puts and gets objects under keys that are hard to send, each in a bucket of its
// own.
func Keys(ctx context.Context, in app.Input) (string, error) {
	tried := app.Tally{}
	for i, key := range app.Keys() {
		b, err := openBucket(ctx, in, in.Name(fmt.Sprint(i)))
		if err != nil {
			return "", err
		}
		err = b.put(ctx, key, strings.NewReader(key))
		if err == nil {
			err = b.has(ctx, key)
		}
		tried.Add(key, code(err))
	}
	return tried.String(), nil
}

// has reports an object that does not hold its own key.
func (b bucket) has(ctx context.Context, key string) error {
	out, err := b.GetObject(ctx, &s3.GetObjectInput{Bucket: b.name, Key: new(key)})
	if err != nil {
		return err
	}
	defer out.Body.Close()
	got, err := io.ReadAll(out.Body)
	if err == nil && string(got) != key {
		err = fmt.Errorf("holds %q", got)
	}
	return err
}

// Redirect puts into and gets from a bucket that is elsewhere.
func Redirect(ctx context.Context, in app.Input) (string, error) {
	home, err := openBucket(ctx, in, in.Name("elsewhere"))
	if err != nil {
		return "", err
	}
	cfg, err := load(ctx, in)
	if err != nil {
		return "", err
	}
	away := bucket{s3.NewFromConfig(cfg), home.name}
	put := away.put(ctx, "photo", app.NewBody(1000))
	if err := home.put(ctx, "photo", app.NewBody(1000)); err != nil {
		return "", err
	}
	_, got := away.get(ctx, "photo", 1000)
	return fmt.Sprintf("put: %s, get: %s", code(put), code(got)), nil
}
