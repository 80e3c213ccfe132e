// Package sdkv1 calls AWS with aws-sdk-go (v1) from inside of an Istio mesh, and from
// outside of it, with the same code.
//
//	FromEnv → Config → AwsConfig → AwsSession → any service client
//
//	cfg, err := sdkv1.FromEnv()
//	config := sdkv1.AwsConfig(cfg).WithRegion("eu-west-1")
//	sess, err := sdkv1.AwsSession("orders", config)
//	db := dynamodb.New(sess)
//
// In the mesh, requests for the hosts that the webhook listed go in plaintext to this
// pod's sidecar, which originates TLS; a connection is proven before the first byte of
// a request, see package inmesh. All else is the SDK's own: other hosts, signatures,
// URLs, redirects, retries and every provider of credentials. Only a redirect to
// plain HTTP is not followed, if a listed host was called before it. Outside of the mesh
// nothing of the transport is changed.
//
// # What AwsSession adds
//
// The in-mesh transport is in the aws.Config, so session.NewSession with it is as
// safe. [AwsSession] adds to every request, also to those that fetch credentials:
//
//   - a log message at debug level: never headers, queries or bodies;
//   - the trace headers of the request's context, see package trace. They are added to
//     the copy that is sent, only to requests for the sidecar, and so are never signed.
//     Those set by request.WithSetRequestHeaders or a handler are sent likewise;
//   - errors with cause and cure: [errors.Is] and [errors.As] find an [*inmesh.Error]
//     in what a call returns, although an awserr.Error has no Unwrap, and in its
//     OrigErr.
//
// [AwsOptions] returns the same for session.NewSessionWithOptions: to choose a
// profile, to load the shared config, to ask for an MFA token.
//
// # Credentials
//
// Every provider works as outside. STS is called by AssumeRole and web identity
// (IRSA): name it in the pod's aws-mesh/services, or it is called with TLS of its own,
// which a mesh under REGISTRY_ONLY does not let out. The host is
// sts.amazonaws.com unless AWS_STS_REGIONAL_ENDPOINTS=regional. An aws.Config.Endpoint
// is for every service, so it is for STS too.
//
// The SDK gives IMDS one second a request, and three attempts, only if the HTTP client
// is its own. So the transport of [AwsConfig] gives it one second, and [AwsSession]
// three attempts; EC2MetadataDisableTimeoutOverride lifts the latter only. Link-local
// addresses are never called through an HTTP proxy: a token is sent to them.
//
// # What not to do
//
// Do not set DisableSSL, and no endpoint with http:// for a host of AWS: such a
// request is refused with [inmesh.ErrPlainHTTP]. An http:// endpoint with port 443, as
// the code of 2018 made it, goes through the same proof as https, but presigned URLs
// made with it are of no use outside.
//
// Do not replace HTTPClient on what AwsConfig returns: requests then do TLS of their
// own, which nothing here can see before they fail. To set a time limit change the
// client in place: config.HTTPClient.Timeout. A service client may have another
// HTTPClient than its session; its requests carry no trace headers.
//
// Do not use one aws.Config for several sessions with different CA bundles
// (AWS_CA_BUNDLE): the SDK puts the bundle into the client that they share.
//
// HTTP/2 is spoken with hosts that are not listed, as outside. The sidecar is spoken
// to in HTTP/1.1, so leave services which insist on HTTP/2, like Transcribe streaming,
// to mode passthrough.
package sdkv1
