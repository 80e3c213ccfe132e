package features

import (
	"fmt"

	"github.com/aws-mesh/aws-mesh/test/sdk/features/app"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/v1"
	"github.com/aws-mesh/aws-mesh/test/sdk/features/v2"
	"github.com/aws-mesh/aws-mesh/test/sdk/stage"
)

const dots = "Envoy takes the dots out of the path after it was signed; meshConfig.pathNormalization: NONE cures it"

// objects are what applications do with S3.
func objects() []feature {
	n := len(app.Keys())
	allKeys := fmt.Sprintf("%d of %d keys", n, n)
	dotted := fmt.Sprintf(`%d of %d keys, "a/./b": SignatureDoesNotMatch, "a/../b": SignatureDoesNotMatch, "./a": SignatureDoesNotMatch`, n-3, n)
	return []feature{
		same("S3: put and get", v1.Object, v2.Object, "the same bytes"),
		same("S3: multipart transfer", v1.Multipart, v2.Multipart, "the same bytes"),
		same("S3: unseekable body", v1.Unseekable, v2.Unseekable, "the same bytes"),
		{
			name: "S3: large object in a stream", env: stage.Env{}, meshOnly: true, // it takes long, and outside is like a small one
			v1: variant{call: v1.Large, want: "the same bytes in bounded memory"},
			v2: variant{call: v2.Large, want: "the same bytes in bounded memory"},
		},
		{
			name: "S3: Expect: 100-continue", check: asked, refused: mismatched,
			v1: variant{call: v1.Continue, want: "the same bytes; a stranger: SignatureDoesNotMatch"},
			v2: variant{call: v2.Continue, want: "the same bytes; a stranger: SignatureDoesNotMatch"},
		},
		same("S3: checksum in a header", v1.Checksum, v2.Checksum, "the same bytes"),
		{
			name: "S3: checksums behind the body", check: trailers,
			v1: variant{why: "this SDK computes none"},
			v2: variant{call: v2.Trailers, want: "the same bytes thrice"},
		},
		{
			name: "S3: keys", check: keys, refused: mismatched,
			v1: variant{call: v1.Keys, want: allKeys, mesh: dotted, why: dots},
			v2: variant{call: v2.Keys, want: allKeys, mesh: dotted, why: dots},
		},
		{
			name: "S3: presigned URLs", urls: true,
			v1: variant{call: v1.Presigned, want: "GET: the same bytes, PUT: 200 OK"},
			v2: variant{call: v2.Presigned, want: "GET: the same bytes, PUT: 200 OK"},
		},
		same("S3: dotted bucket", v1.DottedBucket, v2.DottedBucket, "the same bytes"),
		same("S3: access point", v1.AccessPoint, v2.AccessPoint, "the same bytes"),
		{
			name: "S3: bucket in another region", region: "us-east-1", refused: redirected,
			v1: variant{call: v1.Redirect, want: "put: AccessDenied, get: AccessDenied"},
			v2: variant{call: v2.Redirect, want: "put: PermanentRedirect, get: PermanentRedirect"},
		},
		{
			name: "S3: bucket in another region, global endpoint", region: "aws-global", refused: redirected,
			v1: variant{call: v1.Redirect, want: "put: AccessDenied, get: AccessDenied"},
			v2: variant{call: v2.Redirect, want: "put: TemporaryRedirect, get: AccessDenied"},
		},
	}
}
