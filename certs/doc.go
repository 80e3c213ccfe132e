// Package certs gives the webhook its serving certificate and makes the API server
// trust it, without one admission request failing while it is renewed.
//
//	Secret, webhook configurations → renew? → trust → write → serve
//
// # Rotation
//
// One Secret holds the pair that all replicas serve: tls.crt, tls.key, and ca.crt,
// the authority that signed it. Every renewal makes a new authority, which signs one
// leaf and is forgotten: no authority's key is ever stored. The order keeps it gapless:
//
//  1. The new authority is added to the caBundle of both webhook configurations,
//     beside the old one.
//  2. Only then is the pair written to the Secret. So whoever reads a pair there finds
//     it trusted, a replica that starts in the middle of a renewal too.
//  3. A running replica, which sees the Secret through a watch and not through a file
//     that the kubelet renews when it pleases, goes on with the old pair for
//     [Rotation.Settle], until every API server has seen the bundle, and then swaps.
//  4. Authorities leave the bundle when they expire.
//
// While a new pair cannot be written (an immutable Secret, a policy) the old one is served,
// and the write is tried again with the same pair, every 10 s in the end.
//
// Any replica may do this: writes carry the resourceVersion they are based on, so when
// two replicas race, one starts again and finds the work done; renewals are staggered so
// that they rarely do. Nobody has to lead. The bundle is only ever added to, so a replica
// that is behind cannot take anything back. A bundle that somebody empties (GitOps tools
// do) is filled again as soon as the watch says so.
//
// The names in the certificate are those by which the configurations call the webhook.
//
// # Trust
//
// [Trust.Check] is the readiness check: the certificate being served has to verify
// against the caBundle of each configuration, as the API server would verify it.
// It also serves certificates that come from files, as cert-manager's do.
package certs
