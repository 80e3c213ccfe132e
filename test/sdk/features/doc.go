// Package features demands that applications can do in the mesh what they do with AWS
// outside of it, with either SDK.
//
//	a feature → app in the pod  → sidecar → AWS: what it saw, what AWS recorded
//	          → app outside, with the SDK alone → AWS: must have seen the same
//
// The applications are the functions of packages v1 and v2. The mesh is REGISTRY_ONLY;
// each request must reach AWS by the sidecar, in TLS, with a signature that holds, and
// nothing in plaintext may leave the pod. Where something is not as outside, the table
// of features says so, and why.
package features
