// Package check looks for what keeps the workloads of a cluster from calling AWS as their
// annotations say.
//
//	cluster → Snapshot → facts → findings
//
// [Read] alone talks to a cluster. It reads, and writes nothing; what it may not read is
// named in the [Report]. Everything behind it is pure, and asks the webhook's own and the
// controller's own functions what they would do.
package check
