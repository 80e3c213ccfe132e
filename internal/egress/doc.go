// Package egress lets the AWS calls of a namespace's pods out of the mesh: it keeps
// the Istio objects that open exactly their hosts, and has the sidecars originate
// verified TLS.
//
//	pods of a namespace → plan each → desired egress → diff → apply, then prune
//
// [Desired] and [Egress.Objects] are pure; the command line uses them too. The
// [Reconciler] keeps a cluster that way: one key, the namespace; observe, decide
// (pure), act.
//
// # What it guarantees
//
// A pod opens nothing by what it says of hosts. Of a pod, only the label and the
// status annotation are read, and the status is planned again through the table of
// AWS endpoints: whoever may create pods can open AWS hosts at most, to their own
// namespace.
//
// A host that is called in plaintext is never open without TLS origination: its
// DestinationRule is applied first and deleted last. Sidecars may learn of them in
// another order, so the route leads to a subset that the DestinationRule makes: until
// it is there, the sidecar answers 503.
//
// The sidecar answers a request with [awsmesh.RouteHeader] by itself, from the same
// VirtualService that holds the route, and names its pod: who passes the question on
// cannot know what to answer. An application asks before it sends anything
// that is signed, so it sends nothing before the route is there, and nothing to a host
// that the user's own objects have.
//
// # Through an egress gateway
//
// With a [Gateway], a host has two legs: the sidecars', which have no address of AWS
// and lead to the gateway in mTLS by way of a subset of ours, and the gateway's, which
// has the trio of above under a name of our own. Either leads nowhere without all of
// its objects. The gateway finds the leg by the namespace in the caller's certificate.
//
// # What it leaves alone
//
// Our objects are known by their label and their name. An object of the user that
// names the same host, or that has our name without our label, is never written: we
// stand back from that host, and say so. Taking our label off one of our objects
// makes it the user's. The user is who writes in the pods' namespace, or in Istio's root
// namespace: before what other namespaces show, ours go first.
//
// # Finished pods
//
// Metadata does not tell a pod that runs from one that has completed. Both keep
// their hosts open, until the pod object goes: the pods that a CronJob keeps in its
// history spare its next run a cold start. So does one that is being deleted: it may
// call, on connections that it has proven, until the end of its grace period.
package egress
