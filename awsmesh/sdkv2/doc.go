// Package sdkv2 lets an application in a mesh call AWS with aws-sdk-go-v2, over the
// pod's own sidecar.
//
//	FromEnv → WithMesh → config.LoadDefaultConfig → any client
//
// To a listed host the bytes go in plaintext to the sidecar, which originates TLS.
// Before the first one is sent the kernel has said that the connection ends there, and
// the sidecar that it has a route with TLS (package inmesh); if not, nothing of the
// request is sent. The SDK goes on to believe in https: signatures, presigned URLs,
// retries and the fetching of credentials are those of the SDK. Outside of the mesh,
// and for all other hosts, the SDK's own client does its own TLS.
//
// # How it works
//
// WithMesh adds one API option. It places one middleware below all others, also below
// those of a client or of a single call, once per attempt and after signing. So it
// does not matter what else is set, or in which order: WithHTTPClient, WithAPIOptions,
// otelaws, options of a service's client.
//
// The client of WithHTTPClient, or the SDK's default with AWS_CA_BUNDLE, HTTPS_PROXY
// and NO_PROXY, is not asked for requests that go to the sidecar, and is used as it is
// for everything else: unlisted hosts, the link-local endpoints of credentials and,
// with NotIntercepted: UseTLS, hosts without a sidecar.
//
// The trace headers that a call's context carries (package trace) are added after
// signing, for the sidecar alone. What a tracer in the process has set stays.
//
// # Errors
//
// A call that the mesh refuses or answers itself fails with an [inmesh.Error], which
// names the cause and the cure; [errors.As] finds it within the SDK's errors, next to
// the HTTP status. What cannot be mended by trying again is not tried again:
// [inmesh.ErrNotIntercepted], [inmesh.ErrPlainHTTP], [inmesh.ErrOtherHost], and AWS's
// answer to plain HTTP.
//
// # What differs from the SDK's own client
//
//   - Operations that need HTTP/2, such as Transcribe's streams in both directions,
//     fail: to the sidecar it is HTTP/1.1. Use them in a pod with
//     aws-mesh/mode: passthrough. Streams of events from AWS come through.
//   - The SDK's client.http.… metrics, a client with its own instruments, and the
//     SDK's optional read time-out (AWS_ENABLE_DEFAULT_SOCKET_TIMEOUT_2026) do not
//     see requests to the sidecar; client.call.… metrics and spans do. Nor do the
//     time-outs and limits of the SDK's client hold for them, such as
//     BuildableClient.WithTimeout and MaxConnsPerHost. Bound a call with its context.
//   - Redirects from a listed host to an unlisted one are followed with TLS that knows
//     nothing of AWS_CA_BUNDLE, and not at all to plain HTTP.
//
// # What not to do
//
// Do not set DisableHTTPS, or an endpoint with http://, for a listed host: such a
// request is refused, except on port 443, where it goes to the sidecar like any other.
// Do not set trace headers before a request is signed: they would be signed, and the
// sidecar changes them. Do not add WithMesh to some clients only, by hand: give the
// aws.Config that it made to all of them.
package sdkv2
