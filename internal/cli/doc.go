// Package cli is the command line aws-mesh, which is also kubectl's plugin aws-mesh.
//
//	-f → manifests → workloads → admit (internal/mutate) → manifests, egress objects or reasons
//
// It does with manifests what the webhook and the controller do in a cluster, by the
// same code. Only check talks to a cluster itself, and only reads.
//
// A command prints its whole result or, if anything is wrong, nothing but the mistakes.
package cli
