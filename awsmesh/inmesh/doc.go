// Package inmesh is the in-mesh transport: it speaks plaintext to the pod's own
// sidecar, which originates TLS to AWS.
//
//	dial → prove the sidecar → prove its route → plaintext HTTP/1.1
//	                       ↘ else an Error, before the first byte of the request
//
// [Config.Install] does it to an [http.Transport]. The client above goes on to
// believe in https, so URLs, signatures, redirects and presigned URLs are those of
// AWS; only the bytes to a listed host are plaintext.
//
// # The two proofs
//
// Every new connection is proven twice before net/http gets it. The kernel says that
// the other end is a socket of this pod, at the sidecar's port (package intercept).
// Then the sidecar itself says that it originates TLS for the host: it answers
// [awsmesh.RouteHeader] from the route that aws-mesh's controller wrote, with the UID
// of the pod, which nobody outside knows. That question is the only thing ever sent
// unproven; it holds the host's name and nothing else.
//
// A request on a proven connection costs no more than any other.
//
// # What not to do
//
// Do not set InMesh from a variable of your own: that a pod has a sidecar which takes
// port 443 is known to the webhook, see [FromEnv]. Do not set the SDK to plain HTTP
// (DisableSSL, DisableHTTPS, an endpoint with http://): that is what this package
// makes needless, and it refuses such a request. Do not take connections from
// [http.Transport.NewClientConn]: a request on one is not looked at, so it may name a
// host that was not proven. Install last: requests are looked at in the transport's Proxy,
// so one that is set later leaves them unseen, and what is cloned from the transport
// afterwards does its TLS with the settings of the original.
package inmesh
