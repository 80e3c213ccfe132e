// Package awsmesh is the contract of aws-mesh: what a pod's annotations ask for,
// what the webhook answers in the pod's environment, and which AWS hosts both of
// them mean.
//
//	annotations → Request → Plan → Env → the application
//	              Status  → Plan → the controller's egress objects
//
// The webhook, the controller, the command line and the applications share this
// package, so they cannot disagree. It does no I/O beyond reading the process's own
// environment in [FromEnv], and imports the standard library alone.
//
// # Asking
//
// A pod opts in with the annotation [AnnotationServices]; the other annotations
// refine it. [ParseRequest] reads them and reports every mistake at once, each with
// the nearest right name.
//
// # Planning
//
// [PlanFor] turns a request into the exact hosts that a container's AWS calls go to,
// from the table in package endpoints. It never guesses a host name.
//
// # Answering
//
// [Env] is written into each container by the webhook and read by the application
// with [FromEnv]. The zero Env means "not in the mesh", and so does every
// environment that cannot be read: an application never speaks plaintext by mistake.
//
// Do not set the AWS_MESH_ variables by hand to force plaintext: that the other end
// is a sidecar which originates TLS is known to the webhook only.
package awsmesh
