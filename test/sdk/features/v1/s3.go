package v1

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/service/s3"

	standin "github.com/aws-mesh/aws-mesh/test/sdk/aws"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
)

// A bucket is where the objects of one run are.
type bucket struct {
	*s3.S3
	name *string
}

// openBucket creates a bucket in the region of the environment.
func openBucket(ctx context.Context, in app.Input, name string) (bucket, error) {
	sess, err := openHome(in)
	if err != nil {
		return bucket{}, err
	}
	b := bucket{s3.New(sess), new(name)}
	_, err = b.CreateBucketWithContext(ctx, &s3.CreateBucketInput{
		Bucket: b.name, CreateBucketConfiguration: &s3.CreateBucketConfiguration{LocationConstraint: sess.Config.Region},
	})
	return b, err
}

func (b bucket) put(ctx context.Context, key string, body io.ReadSeeker) error {
	_, err := b.PutObjectWithContext(ctx, &s3.PutObjectInput{Bucket: b.name, Key: new(key), Body: body})
	return err
}

// get says whether the object is what was put.
func (b bucket) get(ctx context.Context, key string, size int64) (string, error) {
	out, err := b.GetObjectWithContext(ctx, &s3.GetObjectInput{Bucket: b.name, Key: new(key)})
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
	b.name = new("arn:aws:s3:" + *b.Config.Region + ":" + standin.AccountID + ":accesspoint/" + in.Name("point"))
	return b.roundTrip(ctx, 1<<10)
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
	sum := sha256.Sum256(body)
	_, err = b.PutObjectWithContext(ctx, &s3.PutObjectInput{
		Bucket: b.name, Key: new("checked"), Body: bytes.NewReader(body),
		ChecksumSHA256: new(base64.StdEncoding.EncodeToString(sum[:])),
	})
	if err != nil {
		return "", err
	}
	return b.get(ctx, "checked", int64(len(body)))
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
	b.Config.Credentials = credentials.NewStaticCredentials(standin.AccessKeyID, "not the secret", "")
	refused := b.put(ctx, "large", app.NewBody(3<<20))
	return saw + "; a stranger: " + code(refused), nil
}

// Keys puts and gets objects under keys that are hard to send, each in a bucket of its
// own. Without DisableRestProtocolURICleaning this SDK would put "a//b" as "a/b".
func Keys(ctx context.Context, in app.Input) (string, error) {
	tried := app.Tally{}
	for i, key := range app.Keys() {
		b, err := openBucket(ctx, in, in.Name(fmt.Sprint(i)))
		if err != nil {
			return "", err
		}
		b.Config.DisableRestProtocolURICleaning = new(true)
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
	out, err := b.GetObjectWithContext(ctx, &s3.GetObjectInput{Bucket: b.name, Key: new(key)})
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
	sess, err := open(in)
	if err != nil {
		return "", err
	}
	away := bucket{s3.New(sess), home.name}
	put := away.put(ctx, "photo", app.NewBody(1000))
	if err := home.put(ctx, "photo", app.NewBody(1000)); err != nil {
		return "", err
	}
	_, got := away.get(ctx, "photo", 1000)
	return fmt.Sprintf("put: %s, get: %s", code(put), code(got)), nil
}
